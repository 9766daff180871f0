# `make serve`, `make studio` and `make test` make what they need.
#
# EXTRA names the onnxruntime to install: cpu or gpu (CUDA and cuDNN come with it, as wheels). The two provide the same
# module and must never meet, so that another EXTRA than last time starts from an empty .venv. Where none is given,
# `serve` and `studio` take cpu, and everything else whichever .venv has.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

HOST ?= 127.0.0.1
PORT ?= 3000
GRPC_PORT ?= $(or $(SERIESMITH_GRPC_PORT),3001)
MODELS ?= $(SERIESMITH_MODELS)

# What an image says of itself; SOURCE is an address without a password.
VERSION = $(shell sed -n 's/^VERSION = "\(.*\)"/\1/p' bundle/__init__.py)
REVISION = $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
SOURCE ?= $(shell git config --get remote.origin.url | sed 's|//[^/@]*@|//|')

INSTALLED := $(patsubst $(VENV)/.extra-%,%,$(wildcard $(VENV)/.extra-*))
EXTRA ?= $(or $(if $(filter serve studio,$(MAKECMDGOALS)),,$(INSTALLED)),cpu)
ifeq ($(filter cpu gpu,$(EXTRA)),)
$(error EXTRA is '$(EXTRA)'; it must be cpu or gpu)
endif

# Stamps inside .venv: they go when the environment goes, and those of the other EXTRA do not count.
EMPTY := $(VENV)/.extra-$(EXTRA)
SERVING := $(VENV)/.serving-$(EXTRA)
TRAINING := $(VENV)/.training-$(EXTRA)
STUDIO := $(VENV)/.studio-$(EXTRA)
TESTING := $(VENV)/.testing-$(EXTRA)
PINS := pyproject.toml client/pyproject.toml constraints.txt
HASHED := $(if $(filter gpu,$(EXTRA)),requirements-serving-gpu.txt,requirements-serving.txt)
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --constraint constraints.txt --editable

# BentoML calls home otherwise; servers that tests start inherit it.
export BENTOML_DO_NOT_TRACK := True
# What is installed is compiled at its first import (--no-compile): kept from writing that down, every start takes thrice as long.
unexport PYTHONDONTWRITEBYTECODE
MAKEFLAGS += --no-print-directory

.PHONY: help
help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# `exec`: what make started is the server itself, so that a signal reaches it and nothing stays behind.
.PHONY: serve studio
serve studio: export SERIESMITH_GRPC_HOST := $(HOST)
serve studio: export SERIESMITH_GRPC_PORT := $(GRPC_PORT)
serve studio: export BENTOML_HOME := $(or $(BENTOML_HOME),$(abspath $(VENV))/bentoml-$(PORT))
serve studio: export SERIESMITH_MODELS := $(MODELS)
ifneq ($(CERT),)
serve studio: export SERIESMITH_GRPC_CERTFILE := $(abspath $(CERT))
serve studio: export SERIESMITH_GRPC_KEYFILE := $(abspath $(KEY))
serve studio: export SERIESMITH_GRPC_CLIENT_CA := $(abspath $(CLIENT_CA))
TLS := --ssl-certfile $(abspath $(CERT)) --ssl-keyfile $(abspath $(KEY)) \
	$(if $(CLIENT_CA),--ssl-ca-certs $(abspath $(CLIENT_CA)) --ssl-cert-reqs 2)
endif
serve: $(SERVING) ## Serve models/ in the foreground (EXTRA=cpu|gpu HOST=127.0.0.1 PORT=3000 GRPC_PORT=3001 MODELS=folder; CERT=file KEY=file [CLIENT_CA=file]: with TLS)
	@exec $(BIN)/python -m service --host $(HOST) --port $(PORT) $(TLS)

studio: export SERIESMITH_MANAGE_MODELS := $(or $(SERIESMITH_MANAGE_MODELS),true)
studio: $(STUDIO) ## The same with all of the page at http://127.0.0.1:3000/: datasets, fits, models (the settings of `serve`)
	@exec $(BIN)/python -m service --host $(HOST) --port $(PORT) $(TLS)

# Two processes on two cores: more threads would only wait for each other.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

# pytest is last: its closing line is the result.
.PHONY: test
test: $(TESTING) ## Style, types, architecture, tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(ONE_THREAD) $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: test-all
test-all: test ## What `make test` runs, the tests marked `long`, and `make reliability`
	$(ONE_THREAD) $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m long
	$(MAKE) reliability

.PHONY: reliability
reliability: $(TESTING) ## Faults, floods and bad input under load, whole: one table of what became of every request (15 minutes)
	FUZZ_SECONDS=$(or $(FUZZ_SECONDS),5) $(BIN)/python -m pytest -m reliability tests

.PHONY: fuzz soak
fuzz: $(TESTING) ## Every parser and the HTTP/2 core, fuzzed for 10 minutes each
	FUZZ_SECONDS=600 $(BIN)/python -m pytest -m reliability -k "fuzz or oracle" tests
soak: $(TESTING) ## Every operation over every wire at 70 % of capacity, versions renewed: all must stay flat (MINUTES=30)
	$(BIN)/python -m loadtest.soak --minutes $(or $(MINUTES),30) --table loadtest/results/soak.md

# The peers' environments are made on demand beside .venv, in .venv-bench/.
.PHONY: bench
bench: $(TESTING) ## Us beside our peers: loadtest/results/ (QUICK=1: under 3 minutes once environments exist)
	$(BIN)/python -m loadtest.bench $(if $(QUICK),--quick)

.PHONY: gpu-check
gpu-check: $(TESTING) ## Parity with the CPU, throughput, memory and a fit on the GPU that is there: loadtest/results/gpu.md (EXTRA=gpu)
	$(BIN)/python -m loadtest.gpu --table loadtest/results/gpu.md

.PHONY: format
format: $(TESTING) ## Rewrite the code in the style that `make test` asks for
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# A warning is an error. Material's advertisement of its successor is none of ours.
.PHONY: docs docs-serve
docs docs-serve: export NO_MKDOCS_2_WARNING := 1
docs: $(TESTING) ## The documentation's site, into build/site
	$(BIN)/python -m mkdocs build --strict --quiet
docs-serve: $(TESTING) ## The same at http://127.0.0.1:8000/, built again whenever a page changes (HOST= DOCS_PORT=)
	@exec $(BIN)/python -m mkdocs serve --dev-addr $(HOST):$(or $(DOCS_PORT),8000)

.PHONY: train-env
train-env: $(TRAINING) ## What `.venv/bin/python training/fit.py` needs

.PHONY: bento
bento: $(SERVING) sbom ## A bento with its SBOM, which `make image` makes an image of (EXTRA=gpu: one for CUDA)
	$(BIN)/bentoml build --bentofile $(if $(filter gpu,$(EXTRA)),bentofile.gpu.yaml,bentofile.yaml)

# From the folder for temporary files: elsewhere BentoML 1.4 refuses its own copy of the template (its issue 5566).
.PHONY: image training-image image-check
image training-image: LABEL = $(if $(filter image,$@),--opt label=,--label )org.opencontainers.image.
image training-image: LABELS = $(LABEL)version=$(VERSION) $(LABEL)revision=$(REVISION) $(if $(SOURCE),$(LABEL)source=$(SOURCE))
image: ## The latest bento as the image seriesmith:<version> (BACKEND=docker|podman|buildah …, OPTIONS='--opt build-arg=BASE_IMAGE=…')
	cd $(or $(TMPDIR),/tmp) && $(abspath $(BIN))/bentoml containerize seriesmith:latest \
		--backend $(or $(BACKEND),docker) --image-tag $(or $(TAG),seriesmith:$(VERSION)) \
		$(LABELS) $(OPTIONS)
training-image: ## What fits and prunes, as the image seriesmith-training:<version> (BACKEND=docker|podman|buildah, OPTIONS='--build-arg …')
	$(or $(BACKEND),docker) build --file deploy/training/Dockerfile --tag $(or $(TAG),seriesmith-training:$(VERSION)) \
		$(LABELS) $(OPTIONS) .
image-check: export BENTOML_HOME := $(abspath build/image-check/bentoml)
image-check: $(TESTING) bento ## Build the image without an engine, run it as nobody on a read-only root, call it (as root, with buildah and debootstrap; FITS=1: the training image too)
	$(BIN)/python -m scripts.images $(if $(FITS),--training)

# Prometheus, promtool, nginx and kubectl are the system's (Debian: `apt install prometheus nginx`); without them their
# tests are skipped, and the last lines say so.
.PHONY: deploy-check
deploy-check: $(TESTING) ## deploy/: compose by Compose, manifests by their readers' schemas, alerts, each panel's query, nginx
	$(PYTHON) -m venv $(VENV)-deploy && $(VENV)-deploy/bin/pip install --quiet --requirement scripts/manifests/requirements.txt
	$(VENV)-deploy/bin/pip install --quiet --no-deps kserve==0.21.0
	$(BIN)/python -m pytest -rs -m "long or not long" tests/deploy

# Ray and S3 in an environment beside .venv, whose packages it sees after its own.
.PHONY: many-check
MANY := $(abspath $(VENV))-many
many-check: $(TESTING) ## Many machines: a real cluster of two nodes generates, scores and searches while workers are killed; S3
	$(PYTHON) -m venv $(MANY)
	$(BIN)/python -c "import sysconfig; print(sysconfig.get_path('purelib'))" > "$$($(MANY)/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")/tested.pth"
	$(MANY)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt 'ray[tune]>=2.50,<3' s3fs 'moto[server]' mlflow-skinny
	$(ONE_THREAD) $(MANY)/bin/python -m pytest -s -m "long or not long" tests/training/scale

# What they need stands beside what tests need, in an environment of its own: the whole of MLflow wants an older pyarrow.
.PHONY: registry-check
registry-check: $(TESTING) ## Models by URL: S3 (moto's server) and MLflow (its own), pushed to, served from, rolled back
	$(PYTHON) -m venv $(VENV)-registry
	$(BIN)/python -c "import sysconfig; print(sysconfig.get_path('purelib'))" > $$(echo $(VENV)-registry/lib/python3.*/site-packages)/beside.pth
	$(VENV)-registry/bin/pip install --quiet s3fs 'moto[server]' 'mlflow>=3,<4'
	PYTHONPATH=. $(ONE_THREAD) $(VENV)-registry/bin/python -m pytest -m "long or not long" tests/bundle/test_registry.py tests/service/test_registry.py

.PHONY: lock upgrade
lock: ## Pin again after a dependency changed in pyproject.toml; pins that still fit stay
	$(PYTHON) scripts/lock.py
upgrade: ## Pin again, everything at its newest
	$(PYTHON) scripts/lock.py --upgrade

.PHONY: audit sbom
audit: $(SERVING) ## Known vulnerabilities of what serving installs (asks the advisory database)
	$(PYTHON) -m venv $(VENV)-audit && $(VENV)-audit/bin/pip install --quiet pip-audit
	$(VENV)-audit/bin/pip-audit --require-hashes --disable-pip --requirement $(HASHED)
sbom: ## What serving consists of, as CycloneDX: build/sbom.cdx.json
	$(PYTHON) -m venv $(VENV)-audit && $(VENV)-audit/bin/pip install --quiet cyclonedx-bom
	mkdir -p build && $(VENV)-audit/bin/cyclonedx-py requirements $(HASHED) --pyproject pyproject.toml \
		--output-reproducible --output-file build/sbom.cdx.json

.PHONY: proto
proto: $(TESTING) ## Write what follows from service/operations/: seriesmith.proto, the stubs, the client's methods
	$(BIN)/python -m scripts.generate

.PHONY: clean
clean: ## Remove .venv and every cache; bundles and reports stay
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(EMPTY):
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	@touch $@

# Every wheel that serves is checked against its hash; training and tests take the same versions by constraint.
$(SERVING): $(PINS) $(HASHED) | $(EMPTY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(HASHED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(TRAINING): $(PINS) | $(EMPTY)
	$(INSTALL) '.[$(EXTRA),training]'
	@touch $(SERVING) $@

$(STUDIO): $(PINS) | $(EMPTY)
	$(INSTALL) '.[$(EXTRA),training,studio]'
	@touch $(SERVING) $(TRAINING) $@

$(TESTING): $(PINS) | $(EMPTY)
	$(INSTALL) '.[$(EXTRA),training,dev]' --editable './client[grpc]'
	@touch $(SERVING) $(TRAINING) $(STUDIO) $@
