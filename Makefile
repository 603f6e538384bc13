# All that is done to the kit; each target makes what it needs first. Beside each, the README has the plain pip lines.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PYTEST_ARGS ?=

# The tests start some hundreds of commands, each of which would compile the kit again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: check test soak lint format bench clean

check: $(VENV)/.check  ## start the embedded mock, check it and print the report
	$(BIN)/check-engine --mock

test: $(VENV)/.test  ## all tests
	$(BIN)/python -m pytest -n auto --dist worksteal $(PYTEST_ARGS)

soak: $(VENV)/.test  ## the long runs: all wrong and odd engines, long fuzzing
	$(BIN)/python -m pytest -n auto --dist worksteal -m soak $(PYTEST_ARGS)
	MOCK_FUZZ=25000 $(BIN)/python -m pytest tests/mock_server/serving/test_robust.py -k mangled

lint: $(VENV)/.test  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.test  ## measure the mock against its peers
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache

$(VENV)/.check: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.test: $(VENV)/.check tests/clients/requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]' -r tests/clients/requirements.txt
	touch $@
