#!/usr/bin/env bash
# From a bare machine to a healthy stack. Each step does nothing when there is nothing to do.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/say.sh
. scripts/lib/work.sh
. scripts/lib/env.sh
. scripts/lib/port.sh
. scripts/lib/disk.sh
. scripts/lib/instance.sh

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

build() {
  # On a terminal Compose draws its own progress; elsewhere what it prints is shown only when it matters.
  if [[ -t 1 ]]; then
    say "Building the images"
    docker compose build
  else
    work "Building the images" docker compose --progress plain build
  fi || die "building the images failed" "the lines above say why; make doctor looks at what a build needs"
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
  local base
  base=$(own_url)
  cat <<-URLS

	flaskrandom is healthy:

	  $base/               the article's hello
	  $base/getrandomstr   the article's API (POST)
	  $base/ui/            the page: generate, copy, download
	  $base/docs           the whole API, to try in the browser
	  $base/readyz         is it ready?
	URLS
  if [[ ${COMPOSE_PROFILES:-} == *observability* ]]; then
    printf '  http://localhost:%s   Prometheus: metrics and alerts, see docs/metrics.md\n' "${PROMETHEUS_PORT:-9090}"
  fi
  cat <<-URLS

	Next: make test, make logs, make down; make help lists all.
	URLS
}

main "$@"
