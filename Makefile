# Rushgate. `make` alone lists what can be done here.

.DEFAULT_GOAL := help
.SUFFIXES:

GO       ?= go
FUZZTIME ?= 30s
LINT     := $(GO) tool -modfile=tools.mod golangci-lint
STAGED   := $(GO) run ./loadtest/staged

# Load generators stay out of go.mod and tools.mod: they are programs, not code
# that ours works with. The version in the path renews them when it changes.
K6       := bin/k6-v1.8.1/k6
VEGETA   := bin/vegeta-v12.13.0/vegeta

.PHONY: help run demo build test e2e dice rush rehearse million faults demo-scale bench k6 vegeta fuzz lint vet tidy check deps

help: ## print this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## the demo: gateway, shop and a trickle of visitors; needs Go alone
	$(GO) run ./cmd/rushgate demo

demo: run ## the same as run

build: ## bin/rushgate, one static binary
	CGO_ENABLED=0 $(GO) build -trimpath -tags timetzdata -ldflags '-s -w' -o bin/rushgate ./cmd/rushgate

# One package at a time: some judge how promptly a crowd is served, and must not
# be judged by their neighbours.
test: ## everything in Go, race detector on, against a real redis-server
	@scripts/deps.sh redis cc
	$(GO) test -race -p 1 -timeout 15m ./...

e2e: ## a headless Chromium walks the visitor's way
	@scripts/deps.sh chromium node
	cd e2e && npm ci --no-audit --no-fund && npm test

DICE ?= 3000

dice: ## DICE (3000) small rushes with losses, crashes and clock jumps, by dice; a seed replays each
	$(GO) test -timeout 15m ./room/simtest -rush.count $(DICE)

rush: ## 20,000 visitors against two gateways and one Redis; exit status by verdict
	@scripts/deps.sh redis
	$(GO) run ./loadtest/rush

REHEARSE := build/rushgate rehearse --html build/rehearsal.html --json build/rehearsal.json
ONSTAGE  := --gateway $$TARGET --host $$TARGET_HOST --event $$TARGET_EVENT --path $$TARGET_PATH --per-minute $$PER_MINUTE --cap 300 \
	--turn-ttl 15s --visitors 1200 --over 20s --sources 4

rehearse: ## a crowd and its report, build/rehearsal.html, against two gateways here; TO=flags aim it elsewhere
	@scripts/deps.sh redis
	@mkdir -p build
	$(GO) build -o build/rushgate ./cmd/rushgate
	$(if $(TO),$(REHEARSE) $(TO),$(STAGED) -per-minute 1500 -cap 300 -turn 15s -- sh -c '$(REHEARSE) $(ONSTAGE)')

million: ## a million visitors who join, ask twice and are let in by 20,000: two to four minutes
	@scripts/deps.sh redis
	$(GO) run ./loadtest/million

faults: ## every fault of docs/faults.md while a crowd is on its way; the matrix in build/faults.html; ONLY=F04 plays some
	@scripts/deps.sh redis
	$(GO) run ./loadtest/faults -html build/faults.html -json build/faults.json $(if $(ONLY),-only '$(ONLY)')

demo-scale: ## instances of a shop are killed, added and slowed; the rate follows; the plot in build/scale.html
	@scripts/deps.sh redis
	$(GO) build -o build/scale ./loadtest/scale
	build/scale -html build/scale.html

bench: ## the hot paths beside their baselines, in about five minutes; JSON=FILE keeps the figures
	@scripts/deps.sh redis
	$(GO) run ./loadtest/bench $(if $(JSON),-json $(JSON)) $(BENCH)

k6: $(K6) ## k6 against two gateways: smoke, rush, poll, soak; fails where a threshold is crossed
	@scripts/deps.sh redis
	@mkdir -p build/k6
	$(STAGED) -per-minute 60 -- $(K6) run -q loadtest/k6/smoke.js
	$(STAGED) -per-minute 1800 -cap 300 -- $(K6) run -q loadtest/k6/rush.js
	$(STAGED) -per-minute 0 -- $(K6) run -q loadtest/k6/poll.js
	$(STAGED) -per-minute 600 -- $(K6) run -q loadtest/k6/soak.js

vegeta: $(VEGETA) ## vegeta against two gateways: status and now; reports and plots in build/vegeta
	@scripts/deps.sh redis
	$(STAGED) -per-minute 0 -- loadtest/vegeta/attack.sh $(VEGETA)

$(K6):
	@echo 'installing k6, which takes a few minutes'
	GOBIN=$(CURDIR)/$(@D) $(GO) install go.k6.io/k6@$(patsubst k6-%,%,$(notdir $(@D)))

$(VEGETA):
	GOBIN=$(CURDIR)/$(@D) $(GO) install github.com/tsenart/vegeta/v12@$(patsubst vegeta-%,%,$(notdir $(@D)))

fuzz: ## every fuzz target in turn, FUZZTIME (30s) each
	@grep -rHo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sed 's/:func / /' | \
	while read -r file target; do \
		echo "== $$target in $$(dirname $$file)"; \
		$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) "$$(dirname $$file)" || exit 1; \
	done

lint: ## golangci-lint with the reasons in .golangci.yml
	$(LINT) run ./...

vet: ## what the compiler's own vet finds
	$(GO) vet ./...

tidy: ## go.mod and formatting
	$(GO) mod tidy
	$(LINT) fmt ./...

check: ## what CI runs: lint, test, e2e
	bash .ci/run

deps: ## install what test and e2e need, or say how
	@scripts/deps.sh redis cc chromium node
