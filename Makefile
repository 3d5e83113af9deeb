# Everything a developer does here. CI calls the same targets (.ci/run).
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run build programs tray extension cross cross-tray package-tray test test-systemd test-desktop soak bench bench-scale fuzz lint generate

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
# For the agent: erases what the runtime would leave of secrets in memory (internal/seal, Quietly).
EXPERIMENT = GOEXPERIMENT=runtimesecret
GO_BUILD = CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)"
# For the tray: does not wake up while nothing happens (internal/light).
STILL_BUILD = CGO_ENABLED=0 go build -trimpath -tags still -ldflags "-s -w -checklinkname=0 -X main.version=$(VERSION)"
SYSTEMS = linux/amd64 linux/arm64 windows/amd64 windows/arm64 darwin/amd64 darwin/arm64

# Copies programs, as whoever installs them does. The linker writes through a mapping, and as long as Linux has that file in
# memory, it has it in single pages: each start takes a millisecond longer than of a copy.
settle = @for program in $(1); do cp bin/$$program bin/.$$program && mv bin/.$$program bin/$$program; done

# Where govulncheck finds a copy of the vulnerability database; without one it asks the public one.
export VULNDB ?= $(abspath $(wildcard ../shared/vulndb))

help: ## show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

run: ## install what is missing, build, and show Keyshift at work, in a browser too
	@scripts/setup.sh run
	@$(MAKE) --no-print-directory programs
	@[ -z "$${DISPLAY:-}" ] || $(MAKE) --no-print-directory tray
	@bash scripts/run.sh

build: programs tray extension ## build hub, agent and tray into bin/, the browser extension into build/extension

programs:
	@mkdir -p bin
	$(GO_BUILD) -o bin/keyshift-hub ./cmd/hub
	$(EXPERIMENT) $(GO_BUILD) -o bin/keyshift-agent ./cmd/agent
	$(STILL_BUILD) -o bin/keyshift-tray ./cmd/tray
	$(call settle,keyshift-hub keyshift-agent keyshift-tray)

# What stays all day is built without C; its windows are drawn by the same program built with Fyne, which needs C. Fyne's
# first build takes minutes, later ones seconds.
TRAY_BUILD = CGO_ENABLED=1 go build -trimpath -tags x11,migrated_fynedo -ldflags "-s -w -X main.version=$(VERSION)"
tray: programs
	@scripts/setup.sh tray
	$(TRAY_BUILD) -o bin/keyshift-tray-ui ./cmd/tray
	$(call settle,keyshift-tray-ui)

extension: ## build the browser extension for Chromium and Firefox into build/extension
	go run ./extension/build -version $(VERSION)

cross: ## compile hub and agent for Linux, Windows and macOS, without cgo
	@for system in $(SYSTEMS); do \
		echo "build $$system"; \
		CGO_ENABLED=0 GOOS=$${system%/*} GOARCH=$${system#*/} go build -trimpath -o /dev/null ./cmd/hub; \
		CGO_ENABLED=0 GOOS=$${system%/*} GOARCH=$${system#*/} go build -trimpath -o /dev/null ./cmd/agent; \
	done

# Slow: Fyne for another system is compiled anew. A tray for macOS needs Apple's headers, so it is built on a Mac.
cross-tray: ## compile the tray with its windows for Windows (minutes)
	@scripts/setup.sh cross-tray
	@mkdir -p bin/windows
	CGO_ENABLED=1 GOOS=windows GOARCH=amd64 CC=x86_64-w64-mingw32-gcc go build -trimpath -tags migrated_fynedo,still \
		-ldflags "-s -w -H windowsgui -checklinkname=0 -X main.version=$(VERSION)" -o bin/windows/keyshift-tray.exe ./cmd/tray

package-tray: ## package the tray for Linux as FyneApp.toml describes it, into bin/package
	@scripts/setup.sh tray
	@scripts/package-tray.sh

test: ## run every test, with a real PostgreSQL and a real keyring
	@scripts/setup.sh test
	@scripts/test.sh

test-systemd: ## install the agent and the hub into a booted Debian with systemd (root, network)
	@scripts/setup.sh systemd
	@$(MAKE) --no-print-directory programs
	@bash e2e/systemd.sh

test-desktop: tray ## try the tray with its windows on a real desktop (Debian)
	@scripts/setup.sh test
	KEYSHIFT_TRAY_UI=$(CURDIR)/bin/keyshift-tray-ui go test -count=1 ./e2e/desktop

SOAK ?= 2h
soak: ## let a company work while things break, and run the long form of other tests (SOAK=2h each, ONLY="PART..." for some)
	@scripts/setup.sh test
	@KEYSHIFT_SOAK=$(SOAK) scripts/soak.sh $(ONLY)

bench: ## measure speed, memory and wake-ups, and write docs/benchmarks.md (ONLY=REGEXP measures some)
	@scripts/setup.sh test
	@$(MAKE) --no-print-directory build
	@scripts/bench.sh "$(ONLY)"

bench-scale: ## measure with 100,000 connected agents (up to half an hour, most of 16 GiB)
	@scripts/setup.sh test
	@$(MAKE) --no-print-directory build
	@scripts/bench.sh scale

fuzz: ## run every fuzz target for FUZZTIME (20s)
	@scripts/fuzz.sh

lint: ## run the linters, check the extension, and look for known vulnerabilities
	@scripts/setup.sh lint
	@scripts/lint.sh
	@scripts/lint-extension.sh

generate: ## write the generated code anew from proto/ and the SQL
	@scripts/generate.sh
