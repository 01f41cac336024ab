# `make run` opens the window on the sample set, `make test` checks everything. Both set up .venv first.
VENV := .venv
BIN := $(VENV)/bin
# A file's tests share what they set up, and TensorFlow takes a gigabyte in each process.
PYTEST := $(BIN)/python -m pytest
FAST := $(PYTEST) -n 2 --dist loadfile

.PHONY: run test test-slow benchmarks lint setup wheel clean

run: $(VENV)/run-ready
	@packaging/run.sh $(BIN)/cnnstudio

test: $(VENV)/dev-ready lint
	$(FAST)

lint: $(VENV)/dev-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Acceptance runs that take minutes.
test-slow: $(VENV)/dev-ready
	$(PYTEST) -m slow

benchmarks: $(VENV)/dev-ready
	@missed=0; for script in tests/benchmarks/bench_*.py; do \
		echo "== $$script"; $(BIN)/python $$script || missed=1; done; exit $$missed

setup: $(VENV)/dev-ready

wheel: $(VENV)/dev-ready
	$(BIN)/python -m pip wheel --no-deps --wheel-dir dist .

# What only runs the program, and what also checks it. The stamps make a second call quick.
$(VENV)/run-ready: pyproject.toml
	@packaging/debian-packages.sh
	@test -x $(BIN)/python || "$$(packaging/find-python.sh)" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/dev-ready: $(VENV)/run-ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) build dist
