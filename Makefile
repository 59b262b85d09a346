# glaux: `make demo` and `make test` do all their own set-up.
SHELL := /bin/bash
PRESET ?= release
JOBS ?= $(shell nproc)
BUILD := $(if $(filter release,$(PRESET)),build,build-$(PRESET))

.PHONY: help setup build test test-all demo bench asan tsan format tidy install clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | column -t -s $$'\t'

setup: ## Install what the build needs (idempotent)
	@./scripts/setup.sh

build: setup ## Build everything; the program is build/glaux
	@cmake --preset $(PRESET) -Wno-dev >$(BUILD).cmake.log 2>&1 || { cat $(BUILD).cmake.log; exit 1; }; rm -f $(BUILD).cmake.log
	@cmake --build $(BUILD) -j $(JOBS)

test: build ## Build and run the tests
	@cd $(BUILD) && ctest --output-on-failure -j $(JOBS) -LE slow

test-all: build ## Run the slow tests too
	@cd $(BUILD) && ctest --output-on-failure -j $(JOBS)

demo: setup ## Load generated billing data (or DATA=dir) into a local lake and ask three questions
	@cmake --preset release -DGLAUX_TESTS=OFF -B build-demo -Wno-dev >/dev/null && cmake --build build-demo -j $(JOBS) --target glaux_cli
	@./examples/demo.sh build-demo/glaux $(DATA)

bench: build ## Time glaux beside polars, pyarrow and duckdb; writes bench/results/
	@./bench/run.sh

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
	@rm -rf build build-demo build-debug build-asan build-tsan
