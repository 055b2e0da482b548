# Rushgate. `make` alone lists what can be done here.

.DEFAULT_GOAL := help
.SUFFIXES:

GO       ?= go
FUZZTIME ?= 30s
LINT     := $(GO) tool -modfile=tools.mod golangci-lint

.PHONY: help run demo build test e2e rush bench fuzz lint vet tidy check deps

help: ## print this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## the demo: gateway, shop and a trickle of visitors; needs Go alone
	$(GO) run ./cmd/rushgate demo

demo: run ## the same as run

build: ## bin/rushgate, one static binary
	CGO_ENABLED=0 $(GO) build -trimpath -tags timetzdata -ldflags '-s -w' -o bin/rushgate ./cmd/rushgate

test: ## everything in Go, race detector on, against a real redis-server
	@scripts/deps.sh redis cc
	$(GO) test -race -timeout 15m ./...

e2e: ## a headless Chromium walks the visitor's way
	@scripts/deps.sh chromium node
	cd e2e && npm ci --no-audit --no-fund && npm test

rush: ## 20,000 visitors against two gateways and one Redis; exit status by verdict
	@scripts/deps.sh redis
	$(GO) run ./loadtest/rush

bench: ## the hot paths beside their baselines, in about five minutes; JSON=FILE keeps the figures
	@scripts/deps.sh redis
	$(GO) run ./loadtest/bench $(if $(JSON),-json $(JSON)) $(BENCH)

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

tidy: ## go.mod, tools.mod and formatting
	$(GO) mod tidy
	$(GO) mod tidy -modfile=tools.mod
	$(LINT) fmt ./...

check: ## what CI runs: lint, test, e2e
	bash .ci/run

deps: ## install what test and e2e need, or say how
	@scripts/deps.sh redis cc chromium node
