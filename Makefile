# Every target sets up what it needs: a fresh machine needs only python3, make and access to a package index.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.dev-locked

.PHONY: all setup check format lint types fast test story demo bench docs lock clean
all: format lint types fast

setup: $(STAMP)

$(STAMP): requirements/dev.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	sha256sum requirements/core.txt | cut -c1-64 | tr -d '\n' > .venv/.core-locked
	touch $(STAMP)

format: setup
	$(BIN)/ruff format src tests benchmarks scripts docs recipes
	$(BIN)/ruff check --fix --quiet src tests benchmarks scripts docs recipes

lint: setup
	$(BIN)/ruff format --check src tests benchmarks scripts docs recipes
	$(BIN)/ruff check src tests benchmarks scripts docs recipes

types: setup
	$(BIN)/mypy

fast: setup
	$(BIN)/pytest -n 2 -m "not story and not slow" tests/unit tests/contract tests/house

test: setup lint types
	$(BIN)/pytest -n 2 -m "not slow"

story: setup
	$(BIN)/pytest tests/story

docs: setup
	$(BIN)/python docs/generate.py
