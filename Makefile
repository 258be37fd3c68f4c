# Purr. `make` alone lists the targets.
#
# Tests listen to two variables:
#   PURR_TEST_POSTGRES  where tests may create databases and schemas, as a DSN;
#                       postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable
#                       by default. Where none answers, those tests are skipped.
#   PURR_TEST_REQUIRE   what must not be skipped, parted by commas: postgres,
#                       nats, node, chromium. Then its absence is a failure.

SHELL         := bash
.SHELLFLAGS   := -eu -o pipefail -c
.DEFAULT_GOAL := help

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
GO      ?= go
BUILD   := CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -X main.version=$(VERSION)"

# The race detector needs a C compiler. Who has none can still run the suite.
CC_FOUND := $(shell command -v $${CC:-gcc} 2>/dev/null)
RACE     := $(if $(CC_FOUND),-race)

# What to test, and how: make test PACKAGES=./internal/store RUN=TestUpdate
PACKAGES ?= ./...
RUN      ?=
TEST     := $(GO) test -timeout 20m $(RACE) $(if $(RUN),-run '$(RUN)')

FUZZTIME ?= 30s
BENCHTIME ?= 200ms
LINTER   := bin/tools/golangci-lint

.PHONY: help build run test unit e2e check lint fmt fmt-check vet fuzz bench docs methods clean

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  Tests use PURR_TEST_POSTGRES and PURR_TEST_REQUIRE; see CONTRIBUTING.md."

build: ## Build bin/purr, one static file
	$(BUILD) -o bin/purr ./cmd/purr

run: build ## Build and serve on http://127.0.0.1:8080, with the data in ./data
	bin/purr serve

test: race-notice ## Run the whole suite with the race detector, the SDK stories included
	$(TEST) -shuffle=on $(PACKAGES)

unit: race-notice ## Run the tests of the packages alone, without the SDK stories
	$(TEST) -shuffle=on $$($(GO) list ./... | grep -v /e2e)

e2e: race-notice ## Run the stories alone: the real SDKs against the real binary
	$(TEST) ./e2e/...

check: fmt-check vet lint test ## Everything that must be green before a commit

lint: $(LINTER) ## Run the linters, the arrows between packages among them
	$(LINTER) run ./...

fmt: $(LINTER) ## Format the Go code
	$(LINTER) fmt ./...

fuzz: ## Fuzz every parser for FUZZTIME (30s) each
	@grep -rl --include='*_test.go' '^func Fuzz' internal | xargs -n1 dirname | sort -u | while read -r dir; do \
	  grep -ho '^func Fuzz[A-Za-z0-9_]*' "$$dir"/*_test.go | cut -d' ' -f2 | while read -r name; do \
	    echo "$$dir $$name"; \
	    $(GO) test "./$$dir" -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) </dev/null; \
	  done; \
	done

bench: build ## Measure: the packages' benchmarks, then the server under load beside a floor
	$(GO) test -run '^$$' -bench . -benchtime $(BENCHTIME) -benchmem ./internal/store/... ./internal/app/imports/... ./internal/realtime/... ./internal/kit/...
	cd bench && CGO_ENABLED=1 $(GO) build -trimpath -o ../bin/bench/ ./load ./rawserver ./suite
	bin/bench/suite

docs: ## Write anew what is made from the code: docs/configuration.md and docs/permissions.md
	$(GO) test ./internal/config -run TestTheReferenceIsNotStale -update
	$(GO) test ./internal/chat -run TestThePermissionsAreNotStale -update

methods: race-notice ## Run the stories and write the table of SDK methods that docs/compatibility.md has
	@mkdir -p bin && rm -f bin/proofs.jsonl
	PURR_TEST_PROOFS=$(CURDIR)/bin/proofs.jsonl $(TEST) -count=1 ./e2e
	PURR_TEST_PROOFS=$(CURDIR)/bin/proofs.jsonl $(GO) test -count=1 ./e2e -run TestEveryMethodIsProven -update

clean: ## Remove what was built; ./data stays
	rm -rf bin

# Pieces of the above that nobody asks for by name.

fmt-check:
	@unformatted="$$(git ls-files --cached --others --exclude-standard '*.go' | xargs gofmt -l)"; \
	if [ -n "$$unformatted" ]; then echo "not formatted, run make fmt:"; echo "$$unformatted"; exit 1; fi

vet:
	$(GO) vet ./...

.PHONY: race-notice
race-notice:
	@$(if $(RACE),:,echo "NOTE: no C compiler found, so the tests run WITHOUT the race detector" >&2)

# The linter is pinned in a module of its own, whose needs never touch ours. It
# takes a few minutes to build, once.
$(LINTER): tools/go.mod tools/go.sum
	@echo "building golangci-lint; this takes a few minutes, once" >&2
	cd tools && $(GO) build -trimpath -ldflags "-s -w" -o ../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@
