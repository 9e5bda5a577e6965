# make demo    install, segment a generated clip with the released weights; then train a demo network on generated
#              clips, evaluate it, segment the same clip with it (about four minutes on two cores)
# make test    install, lint, run the tests
# make label-test  start MONAI Label servers with the exported bundle, on files and on an Orthanc archive (several minutes, 2.6 GB of packages)
# make consumer-test  run two rounds of NVFlare, MONAI Deploy's application, and an Orthanc archive, the first two with the
#              exported bundle in environments of their own (a few minutes, 4 GB of packages)
# make test-floors  run the default suite with the oldest versions that setup.cfg allows, on Python 3.10 (7 GB of packages)
# make fuzz    read 10,000 damaged clips (several minutes)
# make readme-picture  draw docs/images/phantom_beat.gif anew from what the README's first commands give
# make format  rewrite the sources as the lint wants them
PYTHON ?= python3
VENV ?= .venv
FLOOR_PYTHON ?= python3.10
DEMO_DIR ?= demo
DEMO_OPTIONS ?=
SEED ?= 0
BIN := $(VENV)/bin
SOURCES := gdkvm_monai tests benchmarks docs/deploy docs/label

.PHONY: demo test label-test consumer-test test-floors fuzz readme-picture lint format clean
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

# holoscan-cli 5 has no packager of applications any more
.venv-deploy/installed: constraints.txt
	$(PYTHON) -m venv .venv-deploy
	.venv-deploy/bin/pip install --quiet -c constraints.txt torch==2.13.0
	.venv-deploy/bin/pip install --quiet -c constraints.txt -e .[dicom] monai-deploy-app-sdk==4.0.0 holoscan-cli==4.0.0 \
	    isort pytest
	touch $@

consumer-test: .venv-nvflare/installed .venv-deploy/installed $(VENV)/installed
	.venv-nvflare/bin/python -m pytest -m consumer tests/consumers/test_nvflare.py
	.venv-deploy/bin/python -m pytest -m consumer tests/consumers/test_deploy.py
	$(BIN)/python -m pytest -m consumer tests/consumers/test_archive.py

# the required packages and the extras that read or export; torch's own requirements come with its CUDA build
.venv-floors/installed: setup.cfg
	$(FLOOR_PYTHON) -m venv .venv-floors
	sed -n '/^install_requires/,/^\[/p;/^video =/,/^imagenet/p' setup.cfg | sed -n 's/^ *\([A-Za-z0-9_-]*\)>=\([0-9.]*\)$$/\1==\2/p' \
	    | sort -u > .venv-floors/constraints.txt
	.venv-floors/bin/pip install --quiet -c .venv-floors/constraints.txt -e .[video,dicom,export,imagenet] \
	    pytest pytest-xdist jsonschema isort huggingface_hub
	touch $@

test-floors: .venv-floors/installed
	.venv-floors/bin/python -m pytest -n 2

fuzz: $(VENV)/installed
	$(BIN)/python -W ignore benchmarks/fuzz.py --inputs 10000 --seed $(SEED)

readme-picture: $(VENV)/installed
	$(BIN)/python -W ignore benchmarks/readme_picture.py

format: $(VENV)/installed
	$(BIN)/isort --quiet $(SOURCES)
	$(BIN)/black --quiet $(SOURCES)

clean:
	rm -rf $(VENV) $(DEMO_DIR) build dist *.egg-info
