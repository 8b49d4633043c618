#!/usr/bin/env bash
# The base image that both Dockerfiles start from: the local one, or pulled from a registry, or, where
# none can be reached, bootstrapped from Debian's packages under the same tag.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/say.sh
. scripts/lib/work.sh
. scripts/lib/apt.sh

readonly IMAGE=debian:trixie-slim SUITE=trixie

main() {
  if present; then return; fi
  if pull; then return; fi
  say "$IMAGE cannot be pulled (${why##*: }): bootstrapping it from Debian's packages under the same tag"
  need_mmdebstrap
  bootstrap
}

present() { docker image inspect "$IMAGE" >/dev/null 2>&1; }

pull() {
  say "Pulling $IMAGE (two minutes at the most)"
  why=$(timeout 120 docker pull --quiet "$IMAGE" 2>&1 >/dev/null)
}

need_mmdebstrap() {
  if command -v mmdebstrap >/dev/null; then return; fi
  may_install ||
    die "$IMAGE cannot be pulled ($why), and bootstrapping it needs mmdebstrap" "install mmdebstrap, or load $IMAGE from another machine (docker save | docker load)"
  say "Installing mmdebstrap from this system's own packages"
  apt_update
  apt_install mmdebstrap debian-archive-keyring
}

bootstrap() {
  local main security
  main=$(debian_mirror "$(os_release VERSION_CODENAME)")
  security=$(debian_mirror "$(os_release VERSION_CODENAME)-security")
  [[ -n $main ]] || die "apt's configuration names no Debian mirror to bootstrap $IMAGE from" "set DEBIAN_MIRROR to one, for example DEBIAN_MIRROR=http://mirror.example/debian make up"
  : "${security:=$main-security}"

  # What Debian's own slim images leave out, left out here too.
  local slim=(
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright'
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*'
    --dpkgopt='path-exclude=/usr/share/info/*' --dpkgopt='path-exclude=/usr/share/groff/*'
  )
  local https=()
  if [[ $main$security == *https:* ]]; then https=(--include=ca-certificates); fi

  mmdebstrap --quiet --variant=minbase --format=tar "${slim[@]}" "${https[@]}" "${APT_TRUST[@]}" "$SUITE" - \
    "deb [signed-by=$KEYRING] $main $SUITE main" \
    "deb [signed-by=$KEYRING] $main $SUITE-updates main" \
    "deb [signed-by=$KEYRING] $security $SUITE-security main" |
    docker import --change 'CMD ["bash"]' - "$IMAGE" >/dev/null ||
    die "bootstrapping $IMAGE failed" "check that $main and $security answer and carry $SUITE"
}

readonly KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# A mirror of Debian itself: the one that apt uses here for SUITE, unless the system is a derivative.
debian_mirror() {
  if [[ -n ${DEBIAN_MIRROR:-} ]]; then
    case $1 in *-security) printf '%s-security' "${DEBIAN_MIRROR%/}" ;; *) printf '%s' "${DEBIAN_MIRROR%/}" ;; esac
  elif [[ $(os_release ID) == debian ]]; then
    apt_mirror "$1"
  fi
}

# A mirror that is a frozen snapshot has release files past their date; a host that has told apt to
# accept that means it for the image too.
APT_TRUST=()
for option in Acquire::Check-Valid-Until Acquire::Check-Date; do
  value=$(apt-config dump --no-empty --format '%v' "$option" 2>/dev/null || true)
  if [[ $value == false ]]; then APT_TRUST+=("--aptopt=$option \"false\""); fi
done

main "$@"
