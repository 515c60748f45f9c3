# Every target sets up what it needs: a fresh machine needs only python3, make and access to a package index.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.dev-locked

.PHONY: all setup check format lint types fast test search story faults demo bench docs lock clean
all: format lint types fast

setup: $(STAMP)

$(STAMP): requirements/dev.txt pyproject.toml
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
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
	$(BIN)/pytest -n 3 --dist worksteal -m "not slow"

search: setup
	HYPOTHESIS_PROFILE=search $(BIN)/pytest -n 2 -m "not story and not slow" tests/unit tests/contract

story: setup
	$(BIN)/pytest tests/story

faults: setup
	FAULT_TABLE=docs/reference/faults.md $(BIN)/pytest -n 2 -m fault tests/faults

docs: setup
	$(BIN)/python docs/generate.py

demo: setup
	CONTEXT_ROOT=$$(mktemp -d) $(BIN)/campaign auto --recipe recipes/quick.yaml

bench: setup
	$(BIN)/python benchmarks/cpu.py
	$(BIN)/python benchmarks/domains.py
	$(BIN)/python benchmarks/export.py 60000
	$(BIN)/python benchmarks/generate.py --target 34500 --parallel
	$(BIN)/python benchmarks/generate.py --target 5000 --no-parallel
	$(BIN)/python benchmarks/watch.py
	$(BIN)/python benchmarks/gate.py
	$(BIN)/python benchmarks/teacher.py

lock:
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet --disable-pip-version-check pip-tools
	for extra in "-o requirements/core.txt" "--extra dev -c requirements/core.txt -o requirements/dev.txt" \
			"--extra train -c requirements/core.txt -o requirements/train.txt"; do \
		build/lock/bin/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --build-deps-for editable \
			--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options pyproject.toml $$extra; \
	done

clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
