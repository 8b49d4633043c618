# Every command of the project. `make` lists them.

SHELL := /bin/bash
.DEFAULT_GOAL := help
COMPOSE := docker compose
PYTEST := .venv/bin/python -m pytest

.PHONY: help up down clean status logs ctl reload deploy rollback doctor dev test test-swarm test-unit test-integration smoke lint format lock venv browser venv-bench bench bench-core bench-decoding

##@ Run

up: ## From a bare machine to a healthy stack on HTTP_PORT (80)
	@scripts/up.sh

down: ## Stop the stack
	@$(COMPOSE) down

reload: ## Reload Gunicorn and nginx without a failed request; checked first
	@scripts/reload.sh

deploy: ## Rolling update on a Swarm, undone by itself when it fails: make deploy TAG=v2
	@scripts/deploy.sh

rollback: ## Back to what ran before the last deploy
	@scripts/rollback.sh

doctor: ## Check what `make up` needs, change nothing, name the fixes
	@scripts/doctor.sh

##@ Watch

status: ## What Supervisor says of its programs
	@$(COMPOSE) exec -T api supervisorctl status

logs: ## Follow the logs of both containers
	@$(COMPOSE) logs --follow --tail 100

ctl: ## Any supervisorctl command: make ctl ARGS="restart flaskrandom"
	@$(COMPOSE) exec -T api supervisorctl $(ARGS)

##@ Develop

dev: venv ## Flask's debug server with live reload on port 8000, no Docker
	@cd services/api && ../../.venv/bin/flask run

test: venv browser ## All quick tests: unit, then integration through the proxy
	@$(PYTEST) services/api/tests tests/integration

test-unit: venv ## Unit tests alone: no Docker, seconds
	@$(PYTEST) services/api/tests

test-integration: venv browser ## Integration tests alone
	@$(PYTEST) tests/integration

test-swarm: venv ## The stack on a real Swarm of three nodes under load: deploys, failures, figures
	@$(PYTEST) tests/swarm

smoke: venv ## Tests that are safe against any deployment: make smoke BASE_URL=https://host
	@$(PYTEST) tests/integration -m "not local" --base-url "$(BASE_URL)"

lint: venv ## All linters and the type checker
	@scripts/lint.sh

format: venv ## Format the Python code
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

lock: venv ## Resolve the dependencies anew and write the lock files
	@scripts/lock.sh

##@ Measure

bench: venv-bench ## The stack beside every alternative: tables and plots into docs/benchmarks
	@.venv-bench/bin/python bench/run.py

bench-core: ## The core against the article's way and secrets.choice, on the Python that ships (after make up)
	@docker run --rm --network none --env PYTHONPATH=/app --volume "$(CURDIR)/bench:/app/bench:ro" \
		--entrypoint python flaskrandom-api:$${TAG:-latest} bench/core.py

bench-decoding: venv-bench ## The HTTP layer against two OpenAPI frameworks
	@.venv-bench/bin/python bench/decoding.py

##@ Clean up

clean: ## Stop, and remove this project's containers, images, volumes and .venv
	@$(COMPOSE) down --volumes --rmi all
	@rm -rf .venv .venv-bench .pytest_cache .mypy_cache .ruff_cache .hypothesis certs/host-*.crt

venv:
	@scripts/venv.sh tests

browser:
	@scripts/browser.sh

venv-bench:
	@scripts/venv.sh bench

help:
	@awk 'BEGIN { FS = ":.*## "; tty = ("'"$$(test -t 1 && echo y)"'" == "y"); b = tty ? "\033[1m" : ""; c = tty ? "\033[36m" : ""; o = tty ? "\033[0m" : ""; \
		print "flaskrandom: random strings over HTTP. Start with: make up" } \
		/^##@ / { printf "\n%s%s%s\n", b, substr($$0, 5), o } \
		/^[a-z-]+:.*## / { printf "  %s%-17s%s %s\n", c, $$1, o, $$2 }' $(MAKEFILE_LIST)
