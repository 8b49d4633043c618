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
check "types, acme" env MYPYPATH=services/acme mypy services/acme/keep.py services/acme/healthcheck.py
check "shell" shellcheck -x -P services/nginx/bin scripts/*.sh scripts/lib/*.sh services/nginx/bin/* .ci/run
check "Dockerfiles" hadolint services/*/Dockerfile
check "YAML" yamllint --strict compose*.yaml tests/tls/*.yaml .yamllint.yaml
check "Compose" docker compose config --quiet
check "Compose, TLS" docker compose -f compose.yaml -f compose.tls.yaml -f compose.http3.yaml config --quiet
exit "$found"
