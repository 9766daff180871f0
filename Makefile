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
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

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

.PHONY: format
format: $(TESTING) ## Rewrite the code in the style that `make test` asks for
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: train-env
train-env: $(TRAINING) ## What `.venv/bin/python training/fit.py` needs

.PHONY: bento
bento: $(SERVING) ## A bento, to be made an image with `bentoml containerize` (EXTRA=gpu: one for CUDA)
	$(BIN)/bentoml build --bentofile $(if $(filter gpu,$(EXTRA)),bentofile.gpu.yaml,bentofile.yaml)

# Prometheus and promtool are the system's (Debian: `apt install prometheus`); without them their tests are skipped.
CUSTOM := %/kustomization.yaml %/monitoring.yaml
.PHONY: deploy-check
deploy-check: $(TESTING) ## deploy/: manifests by Kubernetes' schemas, alerts by promtool, each panel's query on a loaded server
	$(PYTHON) -m venv $(VENV)-deploy && $(VENV)-deploy/bin/pip install --quiet kubernetes-validate
	$(VENV)-deploy/bin/kubernetes-validate --strict $(filter-out $(CUSTOM),$(wildcard deploy/kubernetes/base/*.yaml))
	$(BIN)/python -m pytest -m "long or not long" tests/deploy

# Ray and S3 in an environment beside .venv, whose packages it sees after its own: s3fs takes no python-dateutil as new as the
# pinned one, so that it cannot be installed into .venv itself.
.PHONY: many-check
MANY := $(abspath $(VENV))-many
many-check: $(TESTING) ## Many machines: a real cluster of two nodes generates, scores and searches while workers are killed; S3
	$(PYTHON) -m venv $(MANY)
	$(BIN)/python -c "import sysconfig; print(sysconfig.get_path('purelib'))" > "$$($(MANY)/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")/tested.pth"
	$(MANY)/bin/python -m pip install --quiet --disable-pip-version-check 'ray[tune]>=2.50,<3' s3fs 'moto[server]' mlflow-skinny
	$(ONE_THREAD) $(MANY)/bin/python -m pytest -s -m "long or not long" tests/training/scale

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
		--output-file build/sbom.cdx.json

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
