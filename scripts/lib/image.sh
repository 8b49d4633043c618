# The images of this checkout, by the names that compose.yaml gives them.
# shellcheck shell=bash
. scripts/lib/env.sh

load_env .env

# image SERVICE
image() { printf '%s' "${REGISTRY:+$REGISTRY/}flaskrandom-$1:${TAG:-latest}"; }

images_are_built() { docker image inspect "$(image api)" "$(image nginx)" >/dev/null 2>&1; }
