# glaux: `make demo` and `make test` do all their own set-up.
SHELL := /bin/bash
PRESET ?= release
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 5
BUILD := $(if $(filter release,$(PRESET)),build,build-$(PRESET))

.PHONY: help setup configure build test test-all fuzz demo bench asan tsan format tidy install clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | column -t -s $$'\t'

setup: ## Install what the build needs (idempotent)
	@./scripts/setup.sh

configure: setup
	@mkdir -p $(BUILD) && cmake --preset $(PRESET) -Wno-dev >$(BUILD)/configure.log 2>&1 || { cat $(BUILD)/configure.log; exit 1; }

build: configure ## Build everything; the program is build/glaux
	@cmake --build $(BUILD) -j $(JOBS)

test: build ## Build and run the tests
	@cd $(BUILD) && ctest --output-on-failure -j $(JOBS) -LE slow

test-all: build ## Run the slow tests too, and the fuzzers for a minute
	@cd $(BUILD) && ctest --output-on-failure -j $(JOBS)
	@$(MAKE) --no-print-directory fuzz

fuzz: ## Run the fuzzers with the sanitizers, each for FUZZ_SECONDS (5)
	@$(MAKE) --no-print-directory configure PRESET=fuzz
	@cmake -DGLAUX_FUZZ_SECONDS=$(FUZZ_SECONDS) -Wno-dev build-fuzz >/dev/null
	@cmake --build build-fuzz -j $(JOBS) --target fuzzers
	@cd build-fuzz && ctest --output-on-failure -L fuzz

demo: setup ## Load generated billing data (or DATA=dir) into a local lake and ask three questions
	@$(MAKE) --no-print-directory configure PRESET=release
	@cmake --build build -j $(JOBS) --target glaux_cli
	@./examples/demo.sh build/glaux $(DATA)

bench: build ## Time glaux beside polars, pyarrow and duckdb (BENCH_ARGS="load --rounds 7"); writes bench/results/
	@./bench/run.sh $(BENCH_ARGS)

asan: ## Build and test with the address and undefined-behaviour sanitizers
	@$(MAKE) --no-print-directory test PRESET=asan

tsan: ## Build and test with the thread sanitizer
	@$(MAKE) --no-print-directory test PRESET=tsan

format: ## Format the sources
	@git ls-files '*.cc' '*.h' | xargs clang-format -i

tidy: build ## Run clang-tidy over the sources
	@git ls-files 'src/*.cc' 'apps/*.cc' | grep -v _test.cc | xargs -P $(JOBS) -n 4 clang-tidy -p $(BUILD) --quiet

install: build ## Install the library and the program (PREFIX=/usr/local)
	@cmake --install $(BUILD) --prefix $(or $(PREFIX),/usr/local)

clean: ## Remove the build folders
	@rm -rf build build-debug build-asan build-tsan build-fuzz
