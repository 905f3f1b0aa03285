# make demo: create a virtual environment, install the package, label the photographs in sample_images/
# make test: install the test tools, run lint, type checks and tests
# make coverage: run the tests with coverage, at least 90 %, which takes half as long again
# make lock: pin what demo and test install, by versions and hashes, to the newest releases that fit
# make docs: generate the tables of options and of shown words, and the picture of a terminal
# make dist: build the sdist and the wheel in dist/, and check what PyPI will show of them
# make fuzz: damaged images through the command (20,000), then coverage-guided fuzzing; FUZZ_SECONDS for each reader
# make bench: measure speed and memory beside the alternatives; BENCH_ARGS=--quick for a smoke test
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# One file for every system and every Python from 3.11 on; pip chooses by the markers in it.
LOCK   := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade --generate-hashes --no-annotate \
	--no-header pyproject.toml

.PHONY: demo test coverage test-fast lint lock docs dist fuzz bench clean

demo: $(VENV)/.installed
	$(BIN)/mnclassify sample_images --format table

ON_ALL_CORES := $(BIN)/python -m pytest -n auto --dist loadfile

test: lint
	$(ON_ALL_CORES) $(PYTEST_ARGS)

coverage: $(VENV)/.installed-test
	$(BIN)/coverage erase
	$(ON_ALL_CORES) --cov --cov-report=term $(PYTEST_ARGS)

test-fast: $(VENV)/.installed-test
	$(BIN)/python -m pytest -m "not slow" $(PYTEST_ARGS)

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock: $(BIN)/python
	$(BIN)/python -m pip install --quiet uv
	$(LOCK) --output-file requirements/demo.txt
	$(LOCK) --extra test --output-file requirements/test.txt

docs: $(VENV)/.installed-test
	$(BIN)/python -m tools.make_shown
	$(BIN)/python -m tools.option_tables
	$(BIN)/python -m tools.terminal_picture

dist: $(BIN)/python
	$(BIN)/python -m pip install --quiet build twine
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/python -m twine check --strict dist/*

FUZZ_SECONDS ?= 300

fuzz: $(VENV)/.installed-test
	$(BIN)/python -m pip install --quiet --editable '.[fuzz]'
	$(BIN)/python -m tools.damaged_images
	$(BIN)/python -m tools.fuzz_readers image --seconds $(FUZZ_SECONDS)
	$(BIN)/python -m tools.fuzz_readers manifest --seconds $(FUZZ_SECONDS)
	$(BIN)/python -m pytest --hypothesis-profile fuzz tests/cli/test_messages.py tests/models/test_manifest_form.py \
		tests/writers/test_csv_safe.py tests/test_text.py

bench: $(VENV)/.installed-bench
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

$(BIN)/python:
	sh tools/make-venv $(PYTHON) $(VENV)

# The package itself is installed in editable mode, so its code is always current and the stamps don't depend on it.
EDITABLE := --no-deps --no-build-isolation --editable .

$(VENV)/.installed: $(BIN)/python pyproject.toml requirements/demo.txt
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/demo.txt
	$(BIN)/python -m pip install --quiet $(EDITABLE)
	@touch $@

$(VENV)/.installed-test: $(BIN)/python pyproject.toml requirements/test.txt
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/test.txt
	$(BIN)/python -m pip install --quiet $(EDITABLE)
	@touch $(VENV)/.installed $@

$(VENV)/.installed-bench: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	@touch $(VENV)/.installed $@

clean:
	rm -rf $(VENV) build dist *.egg-info .coverage* .mypy_cache .pytest_cache .ruff_cache
