#!/usr/bin/env bash
# From a bare machine to a healthy stack. Each step does nothing when there is nothing to do.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/say.sh
. scripts/lib/env.sh
. scripts/lib/port.sh
. scripts/lib/disk.sh

main() {
  check_settings
  scripts/engine.sh
  check_room
  check_port
  scripts/base-image.sh
  scripts/certs.sh
  build
  start
  print_urls
}

check_settings() {
  local wrong
  wrong=$(scripts/settings.sh) || die "$wrong" "change it in .env, or in the shell's environment if it is set there"
  load_env .env
  : "${HTTP_PORT:=80}" "${HTTPS_PORT:=443}"
}

check_room() {
  local free
  # What is built already needs no more.
  if docker image inspect "flaskrandom-api:${TAG:-latest}" "flaskrandom-nginx:${TAG:-latest}" >/dev/null 2>&1; then return; fi
  free=$(free_mib "$(docker_root)")
  ((free >= NEED_MIB)) || die "only $free MiB are free where Docker keeps images ($(docker_root)); $NEED_MIB are needed" "free some: docker system df shows what is there"
}

check_port() {
  local knob
  for knob in HTTP_PORT $(with_tls && echo HTTPS_PORT); do
    if port_taken "${!knob}"; then
      die "port ${!knob} is taken by $(port_holder "${!knob}")" "stop it, or choose another one with $knob"
    fi
  done
}

with_tls() { [[ ${COMPOSE_FILE:-} == *compose.tls.yaml* ]]; }

build() {
  say "Building the images"
  local log
  log=$(mktemp)
  # On a terminal Compose draws its progress; elsewhere the log is shown only when it matters.
  if [[ -t 1 ]]; then
    docker compose build || die "building the images failed" "the lines above say why"
  else
    docker compose --progress plain build >"$log" 2>&1 || {
      tail -n 30 "$log" >&2
      die "building the images failed" "the lines above say why; all of it is in $log"
    }
  fi
  rm -f "$log"
}

start() {
  say "Starting the stack and waiting until it is healthy"
  local said
  said=$(docker compose --progress plain up --detach --no-build --wait --wait-timeout 120 2>&1) || {
    docker compose --ansi never logs --tail 15 >&2
    die "the stack did not become healthy ($(tail -n 1 <<<"$said"))" "the last lines of its logs are above; all of them: make logs"
  }
}

print_urls() {
  local base=http://localhost
  [[ $HTTP_PORT == 80 ]] || base+=:$HTTP_PORT
  if with_tls; then
    base=https://localhost
    [[ $HTTPS_PORT == 443 ]] || base+=:$HTTPS_PORT
  fi
  cat <<-URLS

	flaskrandom is healthy:

	  $base/               the article's hello
	  $base/getrandomstr   the article's API (POST)
	  $base/docs           the whole API, to try in the browser
	  $base/readyz         is it ready?

	Next: make test, make logs, make down; make help lists all.
	URLS
}

main "$@"
