#!/usr/bin/env bash
# Run a benchmark of the core on the Python that ships, in the api image: scripts/bench-image.sh bench/core.py
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/say.sh
. scripts/lib/image.sh

must_have_images api
docker run --rm --network none --env PYTHONPATH=/app --volume "$PWD/bench:/app/bench:ro" \
  --entrypoint python "$(image api)" "$@"
