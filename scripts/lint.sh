#!/usr/bin/env bash
# Every linter, one after the other; all of them run, and the end is 1 when any found something.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
PATH=$PWD/.venv/bin:$PATH
found=0

check() {
  printf '%s: ' "$1"
  shift
  if said=$("$@" 2>&1); then echo ok; else printf 'FAIL\n%s\n' "$said"; found=1; fi
}

check "ruff, rules" ruff check .
check "ruff, format" ruff format --check .
check "types" mypy
check "shell" shellcheck -x -P services/nginx/bin scripts/*.sh scripts/lib/*.sh services/nginx/bin/* .ci/run
check "Dockerfiles" hadolint services/api/Dockerfile services/nginx/Dockerfile tests/swarm/node/Dockerfile tests/support/registry/Dockerfile
check "YAML" yamllint --strict compose.yaml compose.swarm.yaml compose.swarm.encrypted.yaml compose.swarm.keys.yaml .yamllint.yaml
check "Compose" docker compose config --quiet
check "Compose, Swarm" docker compose --file compose.yaml --file compose.swarm.yaml config --quiet
exit "$found"
