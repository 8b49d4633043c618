# Every command of the project. `make` lists them.

SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTEST := .venv/bin/python -m pytest
# One process more than there are processors, since many tests wait for containers. Each has a stack of its own.
# The order is that of the arguments: long files first, so that all processes end at about the same time.
PARALLEL := --numprocesses $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1) --dist loadfile --no-loadscope-reorder

# Every target is a command, none a file.
.PHONY: $(shell sed -n 's/^\([a-z][a-z-]*\):.*/\1/p' Makefile)

##@ Run

up: ## From a bare machine to a healthy stack on HTTP_PORT (80)
	@scripts/up.sh

observe: ## The same with Prometheus beside it, on PROMETHEUS_PORT (9090)
	@COMPOSE_PROFILES=observability scripts/up.sh

down: ## Stop the stack
	@scripts/down.sh

reload: ## Reload Gunicorn and nginx without a failed request; checked first
	@scripts/reload.sh

deploy: ## Rolling update on a Swarm, undone by itself when it fails: make deploy TAG=v2
	@scripts/deploy.sh

rollback: ## Back to what ran before the last deploy
	@scripts/rollback.sh

doctor: ## Check what `make up` needs, change nothing, name the fixes
	@scripts/doctor.sh

key: ## Make an API key and store its hash: make key NAME=ci
	@scripts/key.sh "$(NAME)"

##@ Watch

status: ## What Supervisor says of its programs
	@scripts/ctl.sh status

logs: ## Follow the logs of both containers: make logs RAW=1 shows nginx's JSON as it is
	@RAW="$(RAW)" scripts/logs.sh

ctl: ## Any supervisorctl command: make ctl ARGS="restart flaskrandom"
	@scripts/ctl.sh $(ARGS)

##@ Develop

dev: venv ## Flask's debug server with live reload on port 8000, no Docker
	@cd services/api && ../../.venv/bin/flask run

test: venv browser ## All quick tests: unit, through the proxy, in the browser; or one suite: make test SUITE=faults
ifdef SUITE
	@$(MAKE) --no-print-directory test-$(SUITE)
else
	@$(PYTEST) $(PARALLEL) tests/browser tests/integration tests/docs tests/scripts services/*/tests
endif

test-unit: venv ## Unit tests alone: no Docker, seconds
	@$(PYTEST) $(PARALLEL) services/*/tests tests/scripts tests/docs

test-integration: venv browser ## Integration tests alone
	@$(PYTEST) $(PARALLEL) tests/integration

test-browser: venv browser ## The page in a real browser alone
	@$(PYTEST) $(PARALLEL) tests/browser

test-bruno: venv ## The Bruno collection, without a window: make test-bruno BASE_URL=https://host
	@$(if $(BASE_URL),BASE_URL="$(BASE_URL)" scripts/bruno.sh,$(PYTEST) tests/bruno)

test-faults: venv ## Every fault injected for real, on a stack of its own; writes docs/reliability.md (as root)
	@$(PYTEST) tests/faults $(if $(QUICK),-m quick,--write-figures --fuzz-minutes $${FUZZ_MINUTES:-10})

test-swarm: venv ## The stack on a real Swarm of three nodes under load: deploys, failures, figures
	@$(PYTEST) tests/swarm --write-figures

test-tls: venv ## TLS against an ACME server of its own, bad certificates, scanners: minutes, self-contained
	@$(PYTEST) tests/tls

test-publish: venv ## make push, against a registry of its own: self-contained
	@$(PYTEST) tests/publish

test-soak: venv ## Mixed load with reloads for MINUTES (30): nothing grows, nothing fails
	@$(PYTEST) tests/faults/test_soak.py --write-figures --soak-minutes $${MINUTES:-30}

smoke: ## Tests that are safe against any deployment: make smoke BASE_URL=https://host
	@BASE_URL="$(BASE_URL)" scripts/smoke.sh

lint: venv ## All linters and the type checker
	@scripts/lint.sh

format: venv ## Format the Python code
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

sbom: venv ## Write what is in both images to dist/, as CycloneDX
	@scripts/sbom.sh

lock: venv ## Resolve the dependencies anew and write the lock files
	@scripts/lock.sh

##@ Publish

build: ## Images to publish, for this machine: make build REGISTRY=registry.example/team TAG=1.2.0
	@scripts/images.sh build

push: ## Build and push them: every platform, SBOM and provenance as far as the builder can
	@scripts/images.sh push

##@ Measure

bench: ## The stack beside its alternatives, into docs/benchmarks; ONLY="core calls" prints these parts alone
	@scripts/need-images.sh api nginx
	@python3 bench/run.py $(ONLY) $(if $(ROUNDS),--rounds $(ROUNDS))

##@ Clean up

clean: ## Stop, and remove this project's containers, images, volumes and .venv
	@scripts/down.sh --volumes --rmi all
	@rm -rf .venv tests/bruno/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis local/build-ca/host-*.crt

venv:
	@scripts/venv.sh

browser:
	@scripts/browser.sh

help:
	@if test -t 1 && test -z "$$NO_COLOR"; then bold='\033[1m' cyan='\033[36m' off='\033[0m'; fi; \
	awk -v b="$$bold" -v c="$$cyan" -v o="$$off" 'BEGIN { FS = ":.*## "; \
		print "flaskrandom: random strings over HTTP. Start with: make up" } \
		/^##@ / { printf "\n%s%s%s\n", b, substr($$0, 5), o } \
		/^[a-z-]+:.*## / { printf "  %s%-17s%s %s\n", c, $$1, o, $$2 }' $(MAKEFILE_LIST)
