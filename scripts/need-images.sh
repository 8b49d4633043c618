#!/usr/bin/env bash
# Ends with 1, and says what to do, unless the images of these services are there: scripts/need-images.sh api nginx
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/say.sh
. scripts/lib/image.sh

must_have_images "$@"
