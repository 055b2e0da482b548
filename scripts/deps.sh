#!/bin/sh
# deps.sh NEED... makes sure that the named programs are there.
#
# NEED is redis, chromium, node (20 or later) or cc. What is missing is installed through the
# system's package manager if this user may (root, or sudo without a password);
# otherwise the exact command is printed and the exit status is 1.
set -eu

present() {
	case $1 in
	redis) command -v redis-server && command -v redis-sentinel ;;
	chromium) command -v chromium || command -v chromium-browser || command -v google-chrome ;;
	node) command -v npm && node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' ;;
	cc) command -v "${CC:-gcc}" || command -v cc || command -v clang ;;
	esac >/dev/null 2>&1
}

# package MANAGER NEED prints what the need is called there.
package() {
	case $1/$2 in
	apt/redis) echo redis-server redis-sentinel ;;
	apt/node) echo nodejs npm ;;
	apt/cc) echo gcc libc6-dev ;;
	apk/node | pacman/node) echo nodejs npm ;;
	apk/cc) echo gcc musl-dev ;;
	dnf/node) echo nodejs npm ;;
	*/cc) echo gcc ;;
	*) echo "$2" ;;
	esac
}

missing=
for need; do
	case $need in
	redis | chromium | node | cc) present "$need" || missing="$missing $need" ;;
	*)
		echo "deps.sh: '$need': not one of redis, chromium, node, cc" >&2
		exit 2
		;;
	esac
done
[ -n "$missing" ] || exit 0

manager=
for candidate in apt-get apk dnf pacman brew; do
	if command -v $candidate >/dev/null; then
		manager=$candidate
		break
	fi
done
if [ -z "$manager" ]; then
	echo "Missing:$missing. No package manager known here was found; install them by hand and run this again." >&2
	exit 1
fi

packages=
for need in $missing; do
	packages="$packages $(package "${manager%-get}" "$need")"
done
case $manager in
apt-get) install="apt-get install -y --no-install-recommends$packages" ;;
apk) install="apk add$packages" ;;
dnf) install="dnf install -y$packages" ;;
pacman) install="pacman -S --noconfirm$packages" ;;
brew) install="brew install$packages" ;;
esac

as_root=
if [ "$manager" != brew ] && [ "$(id -u)" != 0 ]; then
	if ! sudo -n true 2>/dev/null; then
		echo "Missing:$missing. Please run:  sudo $install" >&2
		exit 1
	fi
	as_root="sudo -n"
fi

echo "Missing:$missing. Running: $install" >&2
if [ "$manager" = apt-get ]; then
	$as_root apt-get update -q
	install="env DEBIAN_FRONTEND=noninteractive $install"
fi
# shellcheck disable=SC2086 # words are meant to split
$as_root $install

for need in $missing; do
	present "$need" || {
		echo "deps.sh: $need is still missing after: $install" >&2
		exit 1
	}
done
