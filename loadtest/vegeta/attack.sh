#!/bin/sh
# attack.sh [VEGETA] asks for status, each time as another visitor who waits, and
# for now, at a fixed rate; prints vegeta's report and a verdict on each, and
# plots each. Exit status: 0 clean, 1 broken, 2 vegeta was too slow, 3 not run.
#
# RATE (requests a second), DURATION, VISITORS, P99 and OUT say how much and where
# to; TARGET, TARGET_HOST, TARGET_EVENT and MAY_LOAD where at (see ../README.md).
set -eu

vegeta=$(command -v "${1:-vegeta}") || {
	echo "attack.sh: no '${1:-vegeta}' here; 'make vegeta' installs it" >&2
	exit 3
}
case $vegeta in /*) ;; *) vegeta=$PWD/$vegeta ;; esac
cd "$(dirname "$0")/../.."

rate=${RATE:-1000}
duration=${DURATION:-15s}
out=${OUT:-build/vegeta}

umask 077 # targets carry passes
mkdir -p "$out"
go build -o "$out/tool" ./loadtest/vegeta
trap 'rm -f "$out/tool" "$out"/*.targets' EXIT

worst=0
for what in status now; do
	"$out/tool" targets $what >"$out/$what.targets"
	printf '\n%s: %s a second for %s, %s targets\n' $what "$rate" "$duration" "$(wc -l <"$out/$what.targets")"
	"$vegeta" attack -name $what -format json -targets "$out/$what.targets" \
		-rate "$rate" -duration "$duration" -timeout 5s -redirects -1 -output "$out/$what.bin"
	"$vegeta" report "$out/$what.bin"
	"$vegeta" report -type json "$out/$what.bin" >"$out/$what.json"
	status=0
	"$out/tool" judge -rate "$rate" -p99 "${P99:-250ms}" <"$out/$what.json" || status=$?
	[ $worst -ne 0 ] || worst=$status
	# One plot each: in a common one vegeta thins both until the peaks are gone.
	"$vegeta" plot -title "Rushgate: $what, $rate a second" "$out/$what.bin" >"$out/$what.html"
	echo "plot: $out/$what.html"
done
exit $worst
