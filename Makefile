# Everything a developer does here. CI calls the same targets (.ci/run).
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run build cross test test-systemd bench lint generate

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
GO_BUILD = CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)"
SYSTEMS = linux/amd64 linux/arm64 windows/amd64 windows/arm64 darwin/amd64 darwin/arm64

# Where govulncheck finds a copy of the vulnerability database; without one it asks the public one.
export VULNDB ?= $(abspath $(wildcard ../shared/vulndb))

help: ## show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

run: ## install what is missing, build, and show Keyshift at work
	@scripts/setup.sh run
	@$(MAKE) --no-print-directory build
	@bash scripts/run.sh

build: ## build bin/keyshift-hub and bin/keyshift-agent
	@mkdir -p bin
	$(GO_BUILD) -o bin/keyshift-hub ./cmd/hub
	$(GO_BUILD) -o bin/keyshift-agent ./cmd/agent

cross: ## compile hub and agent for Linux, Windows and macOS, without cgo
	@for system in $(SYSTEMS); do \
		echo "build $$system"; \
		CGO_ENABLED=0 GOOS=$${system%/*} GOARCH=$${system#*/} go build -trimpath -o /dev/null ./cmd/hub; \
		CGO_ENABLED=0 GOOS=$${system%/*} GOARCH=$${system#*/} go build -trimpath -o /dev/null ./cmd/agent; \
	done

test: ## run every test, with a real PostgreSQL and a real keyring
	@scripts/setup.sh test
	@scripts/test.sh

test-systemd: ## install the agent and the hub into a booted Debian with systemd (root, network)
	@scripts/setup.sh systemd
	@$(MAKE) --no-print-directory build
	@bash e2e/systemd.sh

bench: ## run the benchmarks
	@grep -rl --include='*_test.go' '^func Benchmark' . | xargs -r -n 1 dirname | sort -u | \
		xargs -r scripts/testpg.sh run go test -run '^$$' -bench . -benchmem

lint: ## run the linters and look for known vulnerabilities
	@scripts/lint.sh

generate: ## write the generated code anew from proto/ and the SQL
	@scripts/generate.sh
