# The images of this checkout, by the names that compose.yaml gives them.
# shellcheck shell=bash
. scripts/lib/env.sh

load_env .env

# image SERVICE
image() { printf '%s' "${REGISTRY:+$REGISTRY/}flaskrandom-$1:${TAG:-latest}"; }

# must_have_images SERVICE...: ends the script unless the images are there. (Sourced by: say.sh.)
must_have_images() {
  local service
  docker version --format '{{.Server.Version}}' >/dev/null 2>&1 ||
    die "Docker does not answer, so there are no images" "make doctor says what is missing; make up starts Docker and builds them"
  for service in "$@"; do
    docker image inspect "$(image "$service")" >/dev/null 2>&1 ||
      die "there is no image $(image "$service") yet" "make up builds it"
  done
}

images_are_built() { docker image inspect "$(image api)" "$(image nginx)" >/dev/null 2>&1; }
