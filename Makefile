# Two commands do everything: `make repro` and `make test`. `make repro-imaging` shows the same with images.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
IMAGING := $(VENV)/.imaging
CLUSTER := $(VENV)/.cluster
WORKERS ?= 2
# What the extra `imaging` needs beyond requirements.lock; PyTorch itself stands apart, see $(IMAGING) below.
ONLY_IMAGING := monai mpmath pydicom safetensors sympy
ONLY_CLUSTER := dask distributed importlib-metadata lazy-importer locket partd tblib toolz tornado zict zipp
KEYWORDS := --no-default-keywords -k say -k phrase -k plural:2,3
export PATH := $(CURDIR)/$(BIN):$(PATH)
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
# Without bytecode every stage would compile its libraries again; compiling all of them now would take longer
# than compiling on first import what is used.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help repro repro-imaging test coverage check audit messages lock clean

help:  ## show this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 15

repro: $(READY)  ## set up, then rebuild every model and report whose inputs changed
	@dvc repro
	@echo "Open reports/index.html in a browser."

repro-imaging: $(IMAGING)  ## set up, then build the demonstration with made-up radiographs in build/imaging
	@python -m deploy.imaging_demo

test: $(READY) check  ## set up, then check style, types and structure and run the tests
	@pytest -n $(WORKERS)

coverage: $(READY)  ## run the tests once more, in about twice the time, and say which lines they reach
	@coverage erase
	@pytest -n 2 --cov --cov-report= && coverage report

check: $(READY)
	@ruff check . && ruff format --check --quiet . && mypy && lint-imports --no-cache

audit: $(READY)  ## look for known vulnerabilities; write the bill of materials and all licences to build/
	@python -m deploy.audit

messages: $(READY)  ## bring the catalogues of other languages up to date with the texts in the code
	@pybabel -q extract -F pyproject.toml $(KEYWORDS) --no-location --sort-output -o $(VENV)/messages.pot .
	@for po in pipeline/reporting/languages/*.po; do \
	  pybabel -q update -N --ignore-obsolete --no-wrap --ignore-pot-creation-date -l $$(basename $$po .po) -i $(VENV)/messages.pot -o $$po; \
	done

COMPILE := uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 \
  --custom-compile-command "make lock" --upgrade

lock: $(READY)  ## resolve requirements.lock and those of the extras anew from pyproject.toml
	$(COMPILE) --extra dev pyproject.toml -o requirements.lock
	$(COMPILE) --all-extras --constraint requirements.lock pyproject.toml -o $(VENV)/all.lock
	printf '%s\n' $(ONLY_IMAGING) | $(COMPILE) --no-deps --no-annotate --constraint $(VENV)/all.lock - -o requirements-imaging.lock
	printf '%s\n' $(ONLY_CLUSTER) | $(COMPILE) --no-deps --no-annotate --constraint $(VENV)/all.lock - -o requirements-cluster.lock

clean:  ## remove the environment (data, models and reports stay)
	rm -rf $(VENV)

# uv installs the lock several times faster than pip; pip fetches uv itself, by the hash in the same lock.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; call: make PYTHON=/path/to/python3.11"; exit 2; }
	@echo "Setting up $(VENV) from requirements.lock ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@sed -n '/^uv==/,/^    #/p' requirements.lock > $(VENV)/uv.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(VENV)/uv.lock
	@uv pip install --quiet --require-hashes -r requirements.lock
	@uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# PyTorch comes in a build for each kind of processor and graphics card, so that no lock can name its file: pip takes
# that of the index it is configured for. All else is pinned by hash.
$(IMAGING): requirements-imaging.lock $(READY)
	@echo "Adding the extra imaging ..."
	@uv pip install --quiet --no-deps --require-hashes -r requirements-imaging.lock
	@python -m pip install --quiet --disable-pip-version-check $$(grep -o 'torch==[0-9.]*' pyproject.toml)
	@touch $@

$(CLUSTER): requirements-cluster.lock $(READY)
	@echo "Adding the extra cluster ..."
	@uv pip install --quiet --no-deps --require-hashes -r requirements-cluster.lock
	@touch $@
