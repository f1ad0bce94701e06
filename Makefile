# What each target needs is prepared by tests/prepare: environments and builds under .cache, kept until their sources change.
PYTHON ?= $(firstword $(foreach name,python3 python3.15 python3.14 python3.13 python3.12 python3.11,$(shell command -v $(name))))
PREPARE = $(or $(PYTHON),$(error No python3 on PATH: install CPython 3.11 or newer)) tests/prepare
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run run-pg test lint conformance bench wheel sdist fuzz fmt clean test-new

help: ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build for the newest CPython and serve examples/hello.py on port 8000
	@$(PREPARE) run $(ARGS)

run-pg: ## The same with examples/crud.py and a PostgreSQL of its own, gone when it ends
	@$(PREPARE) run-pg $(ARGS)

test: ## Prepare and run every test, on the oldest and the newest CPython found
	@$(PREPARE) test $(ARGS)

lint: ## Check formatting, lints, types and stubs
	@$(PREPARE) lint

conformance: ## Run CPython's own asyncio and selectors tests, and all of Autobahn's
	@$(PREPARE) conformance $(ARGS)

bench: ## Measure against the peers (tests/bench)
	@$(PREPARE) bench $(ARGS)

wheel: ## Build a release wheel for every CPython found
	@$(PREPARE) wheel

sdist: ## Build the source distribution
	@$(PREPARE) sdist

fuzz: ## Fuzz the machines, 30 s a target (ARGS="SECONDS [TARGET...]")
	@tests/fuzz/run $(ARGS)

fmt: ## Format Rust and Python
	@$(PREPARE) fmt

test-new: ## Run the suites on CPython 3.14 and 3.15 in a Debian chroot (root; not part of CI)
	@$(PREPARE) test-new $(ARGS)

clean: ## Remove builds and environments
	rm -rf .cache target dist
