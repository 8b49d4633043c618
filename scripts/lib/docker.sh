# Questions about Docker that more than one script asks. They change nothing.
# shellcheck shell=bash

# The oldest versions with everything compose.yaml uses (healthcheck start_interval).
# shellcheck disable=SC2034 # read by those who source this
MIN_ENGINE=25.0 MIN_COMPOSE=2.24

engine_answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }
# Whether there is an engine that this user may not talk to.
engine_forbids() { [[ $(docker version 2>&1 || true) == *"permission denied"* ]]; }
engine_version() { docker version --format '{{.Server.Version}}' 2>/dev/null; }
compose_version() { docker compose version --short 2>/dev/null; }
buildx_version() { docker buildx version 2>/dev/null | awk '{print $2}'; }

# at_least VERSION FLOOR: whether a dotted VERSION (v prefix and suffixes allowed) reaches FLOOR.
at_least() {
  [[ "$(printf '%s\n%s\n' "$2" "${1#v}" | sort -V | head -n 1)" == "$2" ]]
}

have_systemd() { [[ -d /run/systemd/system ]]; }
