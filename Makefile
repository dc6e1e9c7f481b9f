# Rollbot: everything that is done by hand, each command with all its own set-up.
PYTHON ?= python3
VENV   ?= .venv
ARGS   ?=
BIN     = $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types bench image lock clean

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.tests ## Make the virtual environment with everything for running and testing

demo: $(VENV)/.run ## Start the whole bot on this machine (ARGS=--script plays the story in the terminal)
	@$(BIN)/rollbot demo $(ARGS)

test: $(VENV)/.tests ## Run all tests; what this machine lacks is skipped with a reason (ARGS=tests/planner for a part)
	@$(BIN)/python -m pytest -rs $(ARGS)

lint: $(VENV)/.tests ## Check style and that imports go down the floors only
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports

types: $(VENV)/.tests ## Check types, strictly
	@$(BIN)/mypy

bench: $(VENV)/.tests ## Measure (prints tables; see docs/performance.md)
	@$(BIN)/python -m benchmarks $(ARGS)

image: ## Build the container image
	docker build --tag rollbot .

lock: ## Resolve and pin all packages anew (needs uv)
	@$(PYTHON) scripts/lock.py

clean: ## Remove the virtual environment, caches and the demo's state
	rm -rf $(VENV) .rollbot .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/.run: constraints.txt pyproject.toml scripts/install.py
	@echo "Setting up $(VENV); this takes about half a minute the first time."
	@$(PYTHON) scripts/install.py $(VENV)
	@touch $@

$(VENV)/.tests: constraints.txt pyproject.toml scripts/install.py
	@echo "Setting up $(VENV) for tests; this takes about a minute the first time."
	@$(PYTHON) scripts/install.py $(VENV) --tests
	@touch $@ $(VENV)/.run
