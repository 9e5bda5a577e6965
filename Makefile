# make demo    install, segment a generated clip with the released weights; then train a demo network on generated
#              clips, evaluate, segment, report (about four minutes on two cores)
# make test    install, lint, run the tests
# make label-test  start a MONAI Label server with the exported bundle and check it (several minutes, 2.5 GB of packages)
# make consumer-test  run two rounds of NVFlare with the exported bundle (a few minutes, 1.5 GB of packages)
# make fuzz    read 10,000 damaged clips (several minutes)
# make format  rewrite the sources as the lint wants them
PYTHON ?= python3
VENV ?= .venv
DEMO_DIR ?= demo
DEMO_OPTIONS ?=
SEED ?= 0
BIN := $(VENV)/bin
SOURCES := gdkvm_monai tests benchmarks

.PHONY: demo test label-test consumer-test fuzz lint format clean
.DELETE_ON_ERROR:

# torch first: its build decides what everything else is installed beside
$(VENV)/installed: setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet -c constraints.txt torch==2.13.0
	$(BIN)/pip install --quiet -c constraints.txt -e .[dev]
	touch $@

demo: $(VENV)/installed
	$(BIN)/gdkvm demo --out $(DEMO_DIR) $(DEMO_OPTIONS)

lint: $(VENV)/installed
	$(BIN)/black --check --quiet $(SOURCES)
	$(BIN)/isort --check-only --quiet $(SOURCES)
	$(BIN)/flake8 $(SOURCES)
	$(BIN)/lint-imports --no-cache

test: lint
	$(BIN)/python -m pytest -n 2

.venv-label/installed: tests/label/environment.sh
	tests/label/environment.sh .venv-label
	touch $@

label-test: .venv-label/installed
	.venv-label/bin/python -m pytest -m label tests/label

.venv-nvflare/installed: constraints.txt
	$(PYTHON) -m venv .venv-nvflare
	.venv-nvflare/bin/pip install --quiet -c constraints.txt torch==2.13.0
	.venv-nvflare/bin/pip install --quiet -c constraints.txt -e . nvflare==2.9.0 isort pytest
	touch $@

consumer-test: .venv-nvflare/installed
	.venv-nvflare/bin/python -m pytest -m consumer tests/consumers

fuzz: $(VENV)/installed
	$(BIN)/python -W ignore benchmarks/fuzz.py --inputs 10000 --seed $(SEED)

format: $(VENV)/installed
	$(BIN)/isort --quiet $(SOURCES)
	$(BIN)/black --quiet $(SOURCES)

clean:
	rm -rf $(VENV) $(DEMO_DIR) build dist *.egg-info
