# Thin: every target sets up what it needs, then runs one command. `make` alone lists the targets.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
UV := $(BIN)/uv
PYTEST := -m pytest -n 2 --dist loadfile --no-loadscope-reorder
SEED ?= 9000
COUNT ?= 30

.DEFAULT_GOAL := help
.PHONY: help setup lock demo test test-fast coverage mutate test-newest test-oldest build/venv-newest build/venv-oldest check up faults bench bench-service bench-stream bench-decode bench-hybrid bench-packed bench-memory bench-nano bench-cpu bench-datasheet bench-dashboard bench-search bench-startup bench-distributed bench-live bench-gpu score-datasheet screenshots clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 18

setup: $(READY)  ## the virtual environment with every package (about 6 GB with PyTorch)

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.11 ..."; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "Debian keeps venv apart: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint requirements.lock uv

$(READY): pyproject.toml client/pyproject.toml requirements.lock | $(UV)
	$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --constraints requirements.lock --editable '.[dev]'
	@touch $@

lock: $(UV)  ## renew requirements.lock: the newest allowed version of every package, for Linux and Python 3.11 to 3.14
	$(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --all-extras --no-annotate --no-emit-index-url \
		--no-emit-find-links --custom-compile-command 'make lock' --no-emit-package bm3vl-client --output-file requirements.lock pyproject.toml

demo: $(READY)  ## a video and a datasheet through the whole service, on this machine
	$(BIN)/python -m tests.e2e.demo

up: $(READY)  ## run the service here (embedded Redis, SQLite, local files) until Ctrl-C
	@$(BIN)/honcho start || [ $$? = 130 ]  # Ctrl-C is how it is meant to end

test: $(READY) check  ## everything that must hold
	@bash tests/debian.sh
	$(BIN)/python $(PYTEST)

test-fast: $(READY)  ## what tells within three minutes whether a change is sound
	$(BIN)/python $(PYTEST) --fast

build/venv-newest: RESOLUTION := highest
build/venv-oldest: RESOLUTION := lowest-direct
coverage: $(READY)  ## the suite, then the share of lines that it runs (the model child and killed processes are not seen)
	$(BIN)/python $(PYTEST) --cov --cov-report=term

mutate: $(READY)  ## faults put into the code, COUNT a room, drawn by SEED: which of them no test notices
	$(BIN)/python -m tests.mutation --seed $(SEED) --count $(COUNT)

test-newest: | build/venv-newest  ## the suite with the newest version of every package that pyproject.toml allows
	build/venv-newest/bin/mypy
	build/venv-newest/bin/python $(PYTEST)

test-oldest: | build/venv-oldest  ## the suite with the oldest allowed version of every package it names
	build/venv-oldest/bin/python $(PYTEST)

build/venv-newest build/venv-oldest: build/venv-%: | $(UV)
	$(UV) venv --quiet --clear --python $(BIN)/python $@
	$(UV) pip install --quiet --python $@/bin/python --resolution $(RESOLUTION) --editable '.[dev]'

check: $(READY)  ## lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

faults: $(READY)  ## 200 injected faults on PostgreSQL and as many on SQLite; each ends with its ledger, a line of JSON
	$(BIN)/python -m tests.faults --faults 200

bench: bench-service bench-stream bench-decode bench-hybrid bench-packed bench-memory bench-nano bench-cpu bench-datasheet bench-dashboard bench-search bench-startup bench-distributed bench-live  ## every benchmark, one JSON object a line

bench-service bench-stream bench-decode bench-hybrid bench-packed bench-memory bench-nano bench-cpu bench-datasheet bench-dashboard bench-search bench-startup: bench-%: $(READY)
	@$(BIN)/python -m tests.bench.bench_$*

bench-distributed: $(READY)  ## a split model against the whole one
	@$(BIN)/python -m tests.bench.distributed

bench-live: $(READY)  ## live input: how late captions are, memory over hours, 20 cuts of the source
	@$(BIN)/python -m tests.bench.live

bench-gpu: $(READY)  ## all that is to be known of this machine's card, in nine minutes: build/gpu.json and a table
	@$(BIN)/python -m tests.bench.bench_gpu

score-datasheet: $(READY)  ## the datasheet reader on 200 made-up drawings and their scans, about 30 minutes (SEED=N: other ones)
	$(BIN)/python -m worker.datasheet.synthetic --split test --seed $(SEED) --count 200 --folder build/drawings
	$(BIN)/python -m worker.datasheet.synthetic --split test --seed $(SEED) --count 200 --folder build/scans --raster 200
	$(BIN)/python -m worker.datasheet evaluate build/drawings/truth build/drawings/pdf build/scans/truth build/scans/pdf

screenshots: $(READY)  ## every dashboard page, light, dark and narrow, into build/screenshots
	$(BIN)/python -m tests.e2e.screenshots

clean:  ## remove what the targets made
	rm -rf .venv var build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
