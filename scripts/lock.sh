#!/usr/bin/env bash
# Writes the lock files anew from the requirements: newest allowed versions, with hashes, for every
# supported Python and platform. Review the change, run make test, commit.
set -euo pipefail
cd "$(dirname "$0")/.."

lock() {
  .venv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
    --custom-compile-command "make lock" "$1/requirements.in" --output-file "$1/requirements.lock" "${@:2}"
}

lock services/api
lock services/acme
lock services/nginx --no-deps # only the files it carries are wanted
lock tests
lock bench
git diff --stat -- '*.lock'
