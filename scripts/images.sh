#!/usr/bin/env bash
# The images to publish: names and contexts from the Compose files, labels and platforms from docker-bake.hcl.
#
#   images.sh build    into this engine, for this machine's platform
#   images.sh push     to REGISTRY, for every platform that the builder can build, with what it can attest
#
# Needs a TAG other than latest: what is deployed has to have a name that stays what it is. Only a push needs REGISTRY.
# PLATFORMS=linux/amd64,linux/arm64 insists on these; SBOM_GENERATOR names another scanner image than BuildKit's own.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/say.sh
. scripts/lib/env.sh

readonly WANTED=linux/amd64,linux/arm64
readonly SCANNER=${SBOM_GENERATOR:-docker.io/docker/buildkit-syft-scanner:stable-1}

main() {
  check_names "$1"
  scripts/certs.sh
  describe_source
  case $1 in
    build) build ;;
    push) push ;;
    *) die "there is no images.sh $1" "images.sh build, or images.sh push" ;;
  esac
}

check_names() {
  local wrong example
  wrong=$(scripts/settings.sh) || die "$wrong" "change it in .env, or in the shell's environment if it is set there"
  load_env .env
  example="REGISTRY=registry.example/team TAG=$(git describe --tags --always 2>/dev/null || echo 1.0.0)"
  [[ $1 == build || -n ${REGISTRY:-} ]] || die "REGISTRY is empty" "make $1 $example"
  [[ -n ${TAG:-} && $TAG != latest ]] ||
    die "TAG=${TAG:-}: an image that is deployed needs a tag that stays what it is" "make $1 $example"
}

# For the labels, and for the time that the build takes for now: the same commit gives the same.
describe_source() {
  local commit_time remote
  export VERSION=$TAG REVISION='' SOURCE='' CREATED
  commit_time=$(git log -1 --format=%ct 2>/dev/null || date +%s)
  export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$commit_time}
  CREATED=$(date --utc --date "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
  REVISION=$(git rev-parse HEAD 2>/dev/null || true)
  if [[ -n $REVISION && -n $(git status --porcelain --untracked-files=no 2>/dev/null) ]]; then REVISION+=-dirty; fi
  # Only an address that others can use, without who used it.
  remote=$(git config --get remote.origin.url 2>/dev/null || true)
  if [[ $remote =~ ^https://([^/@]*@)?(.*)$ ]]; then SOURCE=https://${BASH_REMATCH[2]%.git}; fi
}

build() {
  export PLATFORMS=${PLATFORMS:-$(native)}
  say "Building for $PLATFORMS"
  bake --load --provenance=false
  say "Built, in this engine:$(names)"
}

push() {
  local options=(--push --provenance=false)
  export PLATFORMS=${PLATFORMS:-$(common_platforms)}
  say "Building and pushing for $PLATFORMS"
  if [[ $PLATFORMS != "$WANTED" ]]; then warn "not for all of $WANTED" "$(other_builder)"; fi
  if ! attests; then
    warn "no SBOM and no provenance: the builder $(driver) with this image store cannot attach them" "$(other_builder)"
  else
    options=(--push)
    # Files made by the build get the commit's date, so that the same commit gives the same layers. Not with the
    # engine's own builder, which also unpacks what it pushes, and refuses both at once.
    if [[ $(driver) != docker ]]; then options=('--set=*.output=type=image,push=true,rewrite-timestamp=true'); fi
    # Not mode=max: that would publish the build arguments, which may name a private index.
    options+=(--provenance=mode=min)
    if docker buildx imagetools inspect "$SCANNER" >/dev/null 2>&1; then
      options+=("--sbom=generator=$SCANNER")
      say "Attaching provenance and an SBOM"
    else
      warn "provenance, but no SBOM: the scanner $SCANNER cannot be reached" "make it reachable, or set SBOM_GENERATOR to a copy of it"
    fi
  fi
  bake "${options[@]}"
  say "Pushed:$(names)"
}

bake() {
  docker buildx bake --progress plain --file compose.yaml --file overrides/tls.yaml --file docker-bake.hcl "$@" ||
    die "the build failed" "the lines above say why"
}

names() {
  local image
  for image in api nginx acme; do printf ' %s' "${REGISTRY:+$REGISTRY/}flaskrandom-$image:$TAG"; done
}

driver() { docker buildx inspect 2>/dev/null | sed -n 's/^Driver: *//p'; }
native() { docker version --format '{{.Server.Os}}/{{.Server.Arch}}'; }

# The engine's own builder keeps one plain image a name, unless the engine stores images in containerd.
attests() { [[ $(driver) != docker ]] || in_containerd; }
in_containerd() { [[ $(docker info --format '{{.DriverStatus}}') == *io.containerd.snapshotter* ]]; }

# What is wanted and can be built here.
common_platforms() {
  local can wanted found=()
  attests || { native; return; }
  can=,$(docker buildx inspect --bootstrap | sed -n 's/^Platforms: *//p' | tr -d ' *' | paste -s -d ,),
  for wanted in ${WANTED//,/ }; do
    if [[ $can == *",$wanted,"* ]]; then found+=("$wanted"); fi
  done
  local IFS=,
  printf '%s' "${found[*]:-$(native)}"
}

other_builder() {
  printf 'docker buildx create --use --driver docker-container (with QEMU or a node of each kind for other platforms)'
}

main "$@"
