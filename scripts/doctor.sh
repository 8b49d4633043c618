#!/usr/bin/env bash
# Looks at everything that `make up` and `make test` need and changes nothing. Every failure names its fix.
# Ends with 1 when something would stop them.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
. scripts/lib/say.sh
. scripts/lib/work.sh
. scripts/lib/docker.sh
. scripts/lib/apt.sh
. scripts/lib/env.sh
. scripts/lib/port.sh
. scripts/lib/disk.sh
. scripts/lib/instance.sh

failures=0
problem() { fail "$@"; failures=$((failures + 1)); }

main() {
  check_settings
  check_engine
  check_compose
  check_buildx
  check_base_image
  check_disk
  check_ports
  check_python
  echo
  if ((failures)); then
    echo "$failures to mend."
    exit 1
  fi
  echo "All is well: make up"
}

check_settings() {
  local wrong line
  if wrong=$(scripts/settings.sh); then
    ok "settings: .env and the environment"
  else
    while read -r line; do problem "setting $line" "change it in .env, or in the shell's environment if it is set there"; done <<<"$wrong"
  fi
  load_env .env
  : "${HTTP_PORT:=80}" "${HTTPS_PORT:=443}"
}

# What `make up` would do about a missing part, or what a person has to.
remedy() {
  if [[ ${ENGINE_INSTALL:-yes} != no ]] && may_install; then
    printf 'make up installs and starts it'
  else
    printf 'run make up as root on Debian or Ubuntu, or see https://docs.docker.com/engine/install/'
  fi
}

check_engine() {
  local version
  if version=$(engine_version) && [[ -n $version ]]; then
    if at_least "$version" "$MIN_ENGINE"; then
      ok "Docker Engine $version"
    else
      problem "Docker Engine $version is older than $MIN_ENGINE" "upgrade it: https://docs.docker.com/engine/install/"
    fi
    return
  fi
  if engine_forbids; then
    problem "user $(id -un) may not talk to Docker" "sudo usermod -aG docker $(id -un), then log in again"
  elif command -v dockerd >/dev/null; then
    problem "Docker Engine is installed but does not answer" "$(remedy)"
  else
    problem "Docker Engine is not installed" "$(remedy)"
  fi
}

check_compose() {
  local version
  version=$(compose_version)
  if [[ $version != *[0-9].* ]]; then
    problem "Compose v2 is not installed" "$(remedy)"
  elif at_least "$version" "$MIN_COMPOSE"; then
    ok "Compose $version"
  else
    problem "Compose $version is older than $MIN_COMPOSE" "upgrade it: https://docs.docker.com/compose/install/"
  fi
}

check_buildx() {
  local version
  version=$(buildx_version)
  if [[ -n $version ]]; then ok "Buildx $version"; else problem "Buildx is not installed" "$(remedy)"; fi
}

check_base_image() {
  if docker image inspect debian:trixie-slim >/dev/null 2>&1; then
    ok "base image debian:trixie-slim is here"
  elif command -v mmdebstrap >/dev/null || { may_install; }; then
    ok "base image debian:trixie-slim is not here yet: make up pulls or bootstraps it"
  else
    warn "base image debian:trixie-slim is not here, and without mmdebstrap only a registry can give it" "install mmdebstrap if no registry can be reached"
  fi
}

check_disk() {
  local root free
  root=$(docker_root)
  free=$(free_mib "${root:-/var/lib/docker}")
  if ((free >= NEED_MIB)); then
    ok "disk: $free MiB free where Docker keeps images"
  else
    problem "disk: only $free MiB free where Docker keeps images (${root:-/var/lib/docker}); $NEED_MIB are needed" "free some: docker system df shows what is there"
  fi
  [[ -w local/build-ca ]] || problem "this checkout cannot be written" "check who owns it, and that its disk is not read-only"
}

check_ports() {
  check_port HTTP_PORT 8080
  if with_tls; then check_port HTTPS_PORT 8443; fi
}

# check_port KNOB OTHER: whether the port that KNOB says can be had; OTHER is one that may be.
check_port() {
  local port=${!1}
  # A value that is no port was reported with the settings.
  [[ $port =~ ^[0-9]{1,5}$ ]] && ((port <= 65535)) || return
  if port_taken "$port"; then
    problem "port $port is taken by $(port_holder "$port")" "stop it, or choose another port: $1=$2 make up"
  else
    ok "port $port is free, or this stack's own"
  fi
}

check_python() {
  if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    problem "python3 is missing or older than 3.11: make test and make dev need it" "apt-get install python3, or run them on a newer system"
  elif [[ -x .venv/bin/python ]] || python3 -c 'import ensurepip, venv' 2>/dev/null; then
    ok "$(python3 --version) with venv"
  elif may_install; then
    ok "$(python3 --version) without venv: make test installs python3-venv"
  else
    problem "$(python3 --version) lacks venv, which make test and make dev need" "apt-get install python3-venv"
  fi
}

main "$@"
