# make demo: a virtual environment, the package, and labels for the photographs in sample_images/
# make test: the same with the test tools: lint, types, pytest
# make docs: what is made from the code: tables of options, the picture of a terminal
# make bench: the same with what mnclassify is measured beside: speed and memory; BENCH_ARGS=--quick for a smoke run
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

.PHONY: demo test test-fast lint docs bench clean

demo: $(VENV)/.installed
	$(BIN)/mnclassify sample_images --format table

test: lint
	$(BIN)/coverage erase
	$(BIN)/python -m pytest -n auto --dist loadfile --cov --cov-report=term $(PYTEST_ARGS)

test-fast: $(VENV)/.installed-test
	$(BIN)/python -m pytest -m "not slow" $(PYTEST_ARGS)

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/.installed-test
	$(BIN)/python -m tools.option_tables
	$(BIN)/python -m tools.terminal_picture

bench: $(VENV)/.installed-bench
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

$(BIN)/python:
	sh tools/make-venv $(PYTHON) $(VENV)

# The stamps depend on pyproject.toml alone: the package is installed in editable mode, so its code is always current.
$(VENV)/.installed: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.installed-test: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $(VENV)/.installed $@

$(VENV)/.installed-bench: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	@touch $(VENV)/.installed $@

clean:
	rm -rf $(VENV) build *.egg-info .coverage* .mypy_cache .pytest_cache .ruff_cache
