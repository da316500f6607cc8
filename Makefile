# make demo       the sample series, localized to English and Spanish
# make test       everything that must pass; make test-fast: the fast part, within a minute
# make test-gpu   the production engines, on a GPU or without one, in an environment of their own (.venv-gpu, 9 GB)
# make faults     thirty rounds of a cluster whose processes are killed at random (ROUNDS=…, SEED=…)
# make lint       style, types, import contracts
# make lock       resolve the requirement files anew
# make docs       write the reference pages anew
# make clean      remove what the others made, but for the models' cache
PYTHON ?= python3
DEMO ?= demo
ROUNDS ?= 30
SEED ?= 7
VENV := .venv
GPU := .venv-gpu
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# What is started again and again is compiled once, whatever the shell that called says.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-fast test-runs test-gpu faults lint lock docs clean install install-dev

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
		|| { echo "dubwright needs Python 3.11 to 3.13; name one: make PYTHON=python3.11 …"; exit 2; }
	$(PYTHON) -m venv $(VENV)

# The lock files are closed under dependency and hashed, so nothing is resolved here.
$(VENV)/.embedded: requirements/embedded.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --no-deps --require-hashes -r requirements/embedded.txt
	$(BIN)/pip install --quiet --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --no-deps --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --no-deps --editable .
	@touch $@ $(VENV)/.embedded

# uv, because it fetches and unpacks these 9 GB side by side.
$(GPU)/.installed: requirements/gpu.txt requirements/test.txt pyproject.toml | $(VENV)/.dev
	test -x $(GPU)/bin/python || $(PYTHON) -m venv $(GPU)
	$(BIN)/uv pip install --quiet --python $(GPU)/bin/python --no-deps --require-hashes \
		-r requirements/gpu.txt -r requirements/test.txt
	$(BIN)/uv pip install --quiet --python $(GPU)/bin/python --no-deps --editable .
	@touch $@

install: $(VENV)/.embedded
install-dev: $(VENV)/.dev

demo: install
	$(BIN)/python -m samples.render --out $(DEMO)/catalogue
	$(BIN)/dubwright localize $(DEMO)/catalogue --to en,es --lake $(DEMO)/lake --out $(DEMO)/videos
	@$(BIN)/python -m samples.listen $(DEMO)/catalogue $(DEMO)/videos --out $(DEMO)/listen.html

lint: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test-fast: install-dev
	$(BIN)/pytest -n auto

# Real engines go two files side by side: those of one file share a process, and so what it has loaded. Whole runs wait
# more than they compute: 9 GB are fetched meanwhile.
test: lint test-fast
	$(BIN)/pytest -n auto -m "slow and not models and not e2e"
	$(BIN)/pytest -m "models and not e2e" -n 2 --dist loadfile --durations=12
	$(MAKE) -j2 test-runs $(GPU)/.installed
	$(BIN)/pytest -m "e2e and models"
	$(MAKE) test-gpu

test-runs: install-dev
	$(BIN)/pytest -m "e2e and not models" -n 2 --dist loadfile --durations=12

test-gpu: $(GPU)/.installed
	$(GPU)/bin/python -m pytest -m models -k whisperx tests/transcribe
	$(GPU)/bin/python -m pytest -m models -k nllb tests/translate
	$(GPU)/bin/python -m pytest -m models -k "coqui or xtts or mms or demucs" tests/dub

faults: install-dev
	FAULT_ROUNDS=$(ROUNDS) FAULT_SEED=$(SEED) $(BIN)/pytest -m e2e -s tests/faults/test_rounds.py

RESOLVE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url
COMPILE := $(RESOLVE) pyproject.toml
lock: | $(VENV)/bin/python
	$(BIN)/pip install --quiet uv
	$(COMPILE) -o requirements/bare.txt
	$(COMPILE) --extra embedded --extra console -o requirements/embedded.txt
	$(COMPILE) --extra embedded --extra console --extra chat --extra dev -o requirements/dev.txt
	$(COMPILE) --extra embedded --extra gpu -o requirements/gpu.txt
	$(RESOLVE) --group test --constraints requirements/gpu.txt -o requirements/test.txt

docs: install
	$(BIN)/python docs/reference.py
	$(BIN)/python docs/markets.py

clean:
	rm -rf $(VENV) $(GPU) $(DEMO) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
