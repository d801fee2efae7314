# `make app` and `make test` are all a newcomer needs: Python 3.11 or later, git and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

# Tiny networks train faster, and repeat better, on one thread.
export OMP_NUM_THREADS ?= 1

.PHONY: app test check format docs samples browser bench-collector bench-dashboard bench-diagnosis bench-readers

app: $(VENV)/app.stamp  ## serve the dashboard at http://localhost:8501; installs no torch
	$(BIN)/streamlit run app/main.py

test: check  ## everything CI runs
	$(BIN)/pytest -n auto

check: $(VENV)/dev.stamp  ## lint, format, types and floors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev.stamp  ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/dev.stamp  ## write the generated pages again
	$(BIN)/python -m curvewise.docs

samples: $(VENV)/dev.stamp  ## train the sample runs again
	$(BIN)/python sample_runs/make.py

bench-collector: $(VENV)/bench.stamp  ## what the collector costs, beside its peers (about ten minutes)
	$(BIN)/python -m benchmarks.collector --write docs/cost.md

# GRID=folder adds the public curves; OBEY=--obey trains the lab's runs again as the first remedy says (about half an hour).
bench-diagnosis: $(VENV)/bench.stamp  ## how right the diagnosis is, beside its rivals (minutes)
	$(BIN)/python -m benchmarks.diagnosis $(if $(GRID),--grid $(GRID)) --rivals $(OBEY) --write docs/accuracy.md

bench-readers: $(VENV)/bench.stamp  ## what reading a log costs, beside TensorBoard and pandas (minutes)
	$(BIN)/python -m benchmarks.readers --write docs/reading.md

# SOAK=60 also watches a live run for an hour.
bench-dashboard: $(VENV)/bench.stamp browser  ## how soon the dashboard shows it, beside TensorBoard (about half an hour)
	$(BIN)/python -m benchmarks.dashboard $(if $(SOAK),--soak $(SOAK)) --write docs/speed.md

browser:  ## the system's Chromium, for the browser tests (Debian and Ubuntu)
	@command -v chromium > /dev/null || { \
	  s=$$(command -v sudo || true); $$s apt-get update -qq && $$s apt-get install -y -qq chromium > /dev/null; }

$(VENV)/python.stamp:
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/app.stamp: $(VENV)/python.stamp pyproject.toml constraints.txt
	$(PIP) --editable '.[app]'
	touch $@

$(VENV)/dev.stamp: $(VENV)/python.stamp pyproject.toml constraints.txt
	$(PIP) --editable '.[dev]'
	touch $@

$(VENV)/bench.stamp: $(VENV)/python.stamp pyproject.toml constraints.txt
	$(PIP) --editable '.[bench]'
	touch $@
