#!/usr/bin/env bash
# The bills of materials of both images, as they are built here, into dist/.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/say.sh
. scripts/lib/image.sh

images_are_built || die "$(image api) and $(image nginx) are not built" "make up"
.venv/bin/python scripts/sbom.py dist/flaskrandom-api.cdx.json "$(image api)"
.venv/bin/python scripts/sbom.py dist/flaskrandom-nginx.cdx.json "$(image nginx)" services/nginx/requirements.lock
