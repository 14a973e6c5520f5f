# echoprep: `make demo` and `make test` are enough by themselves on a machine with a Swift toolchain.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := .build/release
DEMO ?= demo
PACKAGES := libjpeg62-turbo-dev libavformat-dev libavcodec-dev libavutil-dev libswscale-dev \
	libopenblas-dev libsqlite3-dev libcsv-dev zlib1g-dev libpng-dev libssl-dev

.PHONY: help deps build test check format lint demo bench oracle docs clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:[^#]*## /\t/' | expand -t 10

deps: ## installs the Debian packages that are missing
	@missing=$$(dpkg-query -W -f '$${db:Status-Status} $${Package}\n' $(PACKAGES) 2>/dev/null \
	  | sed -n 's/^installed //p' | cut -d: -f1 | sort -u | comm -13 - <(printf '%s\n' $(PACKAGES) | sort)); \
	if [ -n "$$missing" ]; then \
	  as_root=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  echo "installing" $$missing; \
	  $$as_root apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive $$as_root apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi

build: deps ## builds the programs and the tests, optimised
	swift build -c release --build-tests

test: build ## runs every test
	swift test -c release --skip-build

lint:
	swift format lint --strict --recursive Package.swift Sources Tests

format: ## formats the sources in place
	swift format --in-place --recursive Package.swift Sources Tests

check: lint test ## lint, build and test

demo: deps ## the whole pipeline on a synthetic cohort, to a report in demo/
	swift build -c release --product echoprep
	DEMO=$(DEMO) bash .ci/demo

oracle: build ## checks against what we did not write, in a Python environment made here
	bash .ci/oracle

clean: ## removes what was built and the demo
	rm -rf .build $(DEMO) .oracle
