#!/usr/bin/env bash
# A Docker Engine with Compose v2 and Buildx that answers: the one that is there, or one installed
# from the distribution's own packages and started, also where there is no systemd.
#
#   ENGINE_INSTALL=no   install and start nothing, say what is missing instead
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/say.sh
. scripts/lib/work.sh
. scripts/lib/docker.sh
. scripts/lib/apt.sh

readonly DAEMON_LOG=/var/log/dockerd.log
readonly BY_HAND='install Docker Engine with the Compose and Buildx plugins (https://docs.docker.com/engine/install/), start it, then run this again'

main() {
  if ! ready; then
    must_be_allowed
    install_missing
    start_daemon
    ready || die "Docker was installed but $(missing) still not there" "$BY_HAND"
  fi
  must_be_recent
}

ready() { [[ -z "$(missing)" ]]; }

# What is not there, in words; nothing when all is.
missing() {
  local lacks=()
  engine_answers || lacks+=("a running Docker Engine")
  [[ $(compose_version) == *[0-9].* ]] || lacks+=("Compose v2")
  [[ -n $(buildx_version) ]] || lacks+=("Buildx")
  local IFS=,
  printf '%s' "${lacks[*]}" | sed 's/,/, /g; s/, \([^,]*\)$/ and \1/'
}

must_be_allowed() {
  if engine_forbids; then
    die "user $(id -un) may not talk to Docker" "sudo usermod -aG docker $(id -un), log in again; or run this with sudo"
  fi
  if [[ ${ENGINE_INSTALL:-yes} == no ]]; then
    die "missing: $(missing), and ENGINE_INSTALL=no forbids installing or starting it" "$BY_HAND"
  fi
  [[ $(id -u) == 0 ]] || die "missing: $(missing); installing or starting it needs root" "run this with sudo, or $BY_HAND"
  on_apt_system || die "missing: $(missing); this script knows Debian and Ubuntu only" "$BY_HAND"
}

install_missing() {
  local packages=()
  command -v dockerd >/dev/null || packages+=(docker.io containerd)
  # Ubuntu and what derives from it name Compose v2 otherwise, and have the client in docker.io.
  case " $(os_release ID) $(os_release ID_LIKE) " in
    *" ubuntu "*)
      [[ $(compose_version) == *[0-9].* ]] || packages+=(docker-compose-v2)
      ;;
    *)
      command -v docker >/dev/null || packages+=(docker-cli)
      [[ $(compose_version) == *[0-9].* ]] || packages+=(docker-compose)
      ;;
  esac
  [[ -n $(buildx_version) ]] || packages+=(docker-buildx)
  ((${#packages[@]})) || return 0

  local origin="this system's own packages"
  if [[ $(os_release VERSION_CODENAME) == bookworm ]]; then
    origin="Debian 13's packages (Debian 12 has no Compose plugin), pinned so that nothing else changes"
    add_next_suite
  fi
  say "Installing ${packages[*]} from $origin"
  apt_update
  apt_install "${packages[@]}"
}

# Debian 12's engine is too old and it has neither plugin: take these few packages from Debian 13 and
# hold everything else of that release below what is installed.
add_next_suite() {
  local main security
  main=$(apt_mirror bookworm)
  security=$(apt_mirror bookworm-security)
  [[ -n $main ]] || die "apt has no mirror configured for bookworm" "add one to /etc/apt/sources.list.d, then run this again"
  cat >/etc/apt/preferences.d/flaskrandom-engine <<-PIN
	Package: *
	Pin: release n=trixie*
	Pin-Priority: 50

	Package: docker.io docker-cli docker-compose docker-buildx containerd
	Pin: release n=trixie*
	Pin-Priority: 990
	PIN
  cat >/etc/apt/sources.list.d/flaskrandom-engine.sources <<-SOURCES
	Types: deb
	URIs: $main
	Suites: trixie trixie-updates
	Components: main
	Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

	Types: deb
	URIs: ${security:-$main-security}
	Suites: trixie-security
	Components: main
	Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
	SOURCES
}

start_daemon() {
  engine_answers && return
  if have_systemd; then
    say "Starting Docker Engine (systemctl enable --now docker)"
    systemctl enable --quiet --now docker || die "systemd could not start Docker" "journalctl -u docker"
  elif [[ -z $(live_daemon) ]]; then
    say "Starting Docker Engine by hand, since there is no systemd (log: $DAEMON_LOG)"
    clear_pid_file /var/run/docker.pid
    clear_pid_file /var/run/docker/containerd/containerd.pid
    setsid nohup dockerd >>"$DAEMON_LOG" 2>&1 </dev/null &
  fi
  await_daemon
}

# A daemon that was killed outright leaves its pid file behind, and may itself remain as a zombie for a
# while: the next daemon takes the number for a live one and refuses to start.
clear_pid_file() {
  [[ -f $1 ]] || return 0
  local pid
  pid=$(<"$1")
  if ! is_live "$pid"; then
    say "Removing $1: process $pid of an earlier daemon is gone"
    rm -f "$1"
  fi
}

is_live() {
  local name state
  name=$(sed -n 's/^Name:\t//p' "/proc/$1/status" 2>/dev/null) || return 1
  state=$(sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null) || return 1
  [[ $state != Z && ($name == dockerd || $name == containerd) ]]
}

live_daemon() {
  local pid
  for pid in $(pidof dockerd); do
    if is_live "$pid"; then printf '%s' "$pid"; fi
  done
}

await_daemon() {
  local deadline=$((SECONDS + 60))
  until engine_answers; do
    if ((SECONDS > deadline)) || { ! have_systemd && [[ -z $(live_daemon) ]]; }; then
      die "Docker Engine did not start ($(tail -n 1 "$DAEMON_LOG" 2>/dev/null))" "read $DAEMON_LOG"
    fi
    sleep 0.2
  done
}

must_be_recent() {
  local engine compose
  engine=$(engine_version)
  compose=$(compose_version)
  at_least "$engine" "$MIN_ENGINE" || die "Docker Engine $engine is too old, this needs $MIN_ENGINE or newer" "upgrade it: https://docs.docker.com/engine/install/"
  at_least "$compose" "$MIN_COMPOSE" || die "Compose $compose is too old, this needs $MIN_COMPOSE or newer" "upgrade it: https://docs.docker.com/compose/install/"
}

main "$@"
