# Every command of the project. `make` lists them.

SHELL := /bin/bash
.DEFAULT_GOAL := help
STACK := python3 -m scripts.stack
PYTEST := .venv/bin/python -m pytest
# Compose reads .env.local, the settings of this machine, after .env; the shell's environment overrides both.
export COMPOSE_ENV_FILES ?= .env$(if $(wildcard .env.local),$(,).env.local)
, := ,
# Bytecode is kept, whatever the shell says: the tests start Python hundreds of times.
unexport PYTHONDONTWRITEBYTECODE
# One process more than there are processors, since many tests wait for containers. Each has a stack of its own.
# Files marked `long` begin first, so that all processes end at about the same time.
PARALLEL := --numprocesses $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1) --dist loadfile --no-loadscope-reorder

# Every target is a command, none a file.
.PHONY: $(shell sed -n 's/^\([a-z][a-z -]*\):.*/\1/p' Makefile)

##@ Run

up: ## Start the stack on HTTP_PORT (80), from a bare machine too
	@$(STACK) up

down: ## Stop the stack
	@$(STACK) down

reload: ## Reload Gunicorn, and nginx if its configuration changed; checked first
	@$(STACK) reload

status: ## Show the state of Supervisor's programs
	@$(STACK) ctl status

logs: ## Follow the logs, one line per request; RAW=1 shows them unformatted
	@RAW="$(RAW)" $(STACK) logs

ctl: ## Run any supervisorctl command: make ctl ARGS="restart flaskrandom"
	@$(STACK) ctl $(ARGS)

key series-key: ## Make an API key, store its hash (make key NAME=ci); make the key of series (make series-key)
	@$(if $(filter key,$@),$(STACK) key "$(NAME)",python3 services/api/flaskrandom/keys.py new-series local/secrets/series_key)

doctor: ## Check what `make up` needs and name the fixes; changes nothing
	@$(STACK) doctor

clean: ## Remove containers, images and caches; ALL=yes: certificates, keys and volumes too
	@$(STACK) clean "$(ALL)"

##@ Develop

dev: ## Run Flask's debug server with live reload on port 8000, no Docker
	@$(STACK) venv
	@cd services/api && PYTHONPATH=../settings ../../.venv/bin/flask run

dev-stack: ## Run the whole stack with live reload of Python and nginx configuration
	@$(STACK) dev

# What each suite runs. `make test` alone runs `quick`.
UNIT := $(wildcard tests/docs tests/page tests/scripts services/*/tests)
SUITE_quick := $(PARALLEL) $(wildcard tests/browser) tests/integration $(UNIT)
SUITE_unit := $(PARALLEL) $(UNIT)
SUITE_integration := $(PARALLEL) tests/integration
SUITE_browser := $(PARALLEL) tests/browser
SUITE_bruno := tests/bruno
SUITE_faults := tests/faults $(if $(QUICK),-m quick,--write-figures --fuzz-minutes $(or $(FUZZ_MINUTES),10))
SUITE_install := tests/install
SUITE_kubernetes := tests/kubernetes
SUITE_properties := $(PARALLEL) services/*/tests -m hypothesis --hypothesis-profile thorough
SUITE_publish := tests/publish
SUITE_soak := tests/faults/test_soak.py --write-figures --soak-minutes $(or $(MINUTES),30)
SUITE_swarm := tests/swarm --write-figures
SUITE_tls := tests/tls
LONG := bruno faults install kubernetes properties publish soak swarm tls

test: ## Run all quick tests; SUITE=unit, properties, faults, install, … or all
	@$(STACK) packages && $(STACK) venv
# Tests start the stack without a terminal. What needs an answer is asked here.
	$(if $(filter unit properties,$(SUITE)),,@$(STACK) engine && $(STACK) base-image)
ifeq ($(SUITE),all)
	@for suite in quick $(LONG); do $(MAKE) --no-print-directory test SUITE=$$suite || exit; done
else
	$(if $(SUITE_$(or $(SUITE),quick)),,$(error there is no suite $(SUITE): quick, unit, integration, browser, all, $(LONG)))
	@$(PYTEST) $(SUITE_$(or $(SUITE),quick)) $(PYTEST_ARGS)
endif

smoke: ## Run the tests that are safe against any deployment: make smoke BASE_URL=https://host
	$(if $(BASE_URL),,$(error BASE_URL is empty: make smoke BASE_URL=https://host, or http://localhost))
	@$(STACK) venv && $(PYTEST) tests/integration -m "not local"

lint: ## Run all linters and the type checker; FIX=yes formats the Python code first
	@$(STACK) venv
	@$(if $(FIX),.venv/bin/ruff format . && .venv/bin/ruff check --fix .)
	@.venv/bin/pre-commit run --all-files

lock: ## Update the dependencies and write the lock files
	@$(STACK) venv
	@set -e; for folder in $(patsubst %/requirements.in,%,$(wildcard services/*/requirements.in */requirements.in)); do \
		.venv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
			--custom-compile-command "make lock" $$folder/requirements.in --output-file $$folder/requirements.lock \
			$$(if test $$folder = services/nginx; then echo --no-deps; fi); \
	done
	@git diff --stat -- '*.lock'

bench: ## Compare the stack with alternatives, into docs/benchmarks; ONLY="core calls"
	@$(STACK) images api nginx
	@BASE_IMAGE=$$($(STACK) base-image | tail -n 1) $(STACK) run \
		python3 bench/run.py $(ONLY) $(if $(ROUNDS),--rounds $(ROUNDS))

##@ Publish and deploy

build: ## Build images to publish, for this machine: REGISTRY=registry.example/team TAG=1.2.0
	@$(STACK) build

push: ## Build and push the images for every platform, with SBOM and provenance
	@$(STACK) push

sbom: ## Write the images' bills of materials to dist/ (CycloneDX)
	@$(STACK) venv
	@$(STACK) run scripts/sbom.sh

deploy: ## Update a Swarm, with rollback on failure: make deploy TAG=v2
	@python3 -m deploy.swarm deploy

rollback: ## Restore the state before the last deploy
	@python3 -m deploy.swarm rollback

help:
	@if test -t 1 && test -z "$$NO_COLOR"; then bold='\033[1m' cyan='\033[36m' off='\033[0m'; fi; \
	awk -v b="$$bold" -v c="$$cyan" -v o="$$off" 'BEGIN { FS = ":.*## "; \
		print "flaskrandom: random strings over HTTP. Start with: make up" } \
		/^##@ / { printf "\n%s%s%s\n", b, substr($$0, 5), o } \
		/^[a-z -]+:.*## / { printf "  %s%-14s%s %s\n", c, $$1, o, $$2 }' $(MAKEFILE_LIST)
