# The instance that a command is about: this checkout's own stack, or one at an address.
# shellcheck shell=bash

# own_url: where this checkout's stack is published.
own_url() {
  local scheme=http port=${HTTP_PORT:-80} usual=80
  if with_tls; then scheme=https port=${HTTPS_PORT:-443} usual=443; fi
  printf '%s://localhost' "$scheme"
  [[ $port == "$usual" ]] || printf ':%s' "$port"
}

with_tls() { [[ ${COMPOSE_FILE:-} == *overrides/tls.yaml* ]]; }

# must_answer ADDRESS: ends the script unless an instance answers there. SSL_CERT_FILE names authorities of one's own
# for all that asks: Python reads it itself, requests and Node.js have their own names for it.
must_answer() {
  local said fix
  if [[ -n ${SSL_CERT_FILE:-} ]]; then
    export REQUESTS_CA_BUNDLE=$SSL_CERT_FILE NODE_EXTRA_CA_CERTS=$SSL_CERT_FILE
  fi
  [[ $1 =~ ^https?://[^/?#]+/?$ ]] ||
    die "BASE_URL=$1: must be the address of an instance, without a path" "for example BASE_URL=https://random.example or BASE_URL=http://localhost:8080"
  said=$(ask "${1%/}/healthz") && return
  case $said in
    *CERTIFICATE_VERIFY_FAILED*) fix="where an authority of your own signed it: SSL_CERT_FILE=ca.pem make smoke BASE_URL=$1" ;;
    *"$(own_url)/"*) fix='make up starts one here' ;;
    *) fix='check the address, and that the stack is up there: make status, on that machine' ;;
  esac
  die "no instance answers at $1 ($said)" "$fix"
}

# must_let_in ADDRESS: ends the script if the instance wants an API key and API_KEY is none that it takes.
must_let_in() {
  local said
  said=$(ask "${1%/}/api/v1/uuids") && return
  [[ $said == *' answers 401 '* ]] || return 0 # the tests will say more of it
  [[ -z ${API_KEY:-} ]] || die "$1 does not take the key in API_KEY" "make key NAME=smoke, on that machine, makes one"
  die "$1 wants an API key" "put one in the environment: read -rs API_KEY && export API_KEY, then make smoke BASE_URL=$1"
}

# ask ADDRESS: fails, and says why, unless it answers well. The key in API_KEY goes with it, and in no command line.
# Python rather than curl, which a bare machine does not have.
ask() {
  python3 - "$1" 2>&1 <<'PY'
import os, sys, urllib.error, urllib.parse, urllib.request

address = sys.argv[1]
# A proxy for the outer world is none for this machine.
own = urllib.parse.urlsplit(address).hostname in ("localhost", "127.0.0.1", "::1")
opener = urllib.request.build_opener(*([urllib.request.ProxyHandler({})] if own else []))
try:
    key = os.environ.get("API_KEY")
    opener.open(urllib.request.Request(address, headers={"X-API-Key": key} if key else {}), timeout=10)
except urllib.error.HTTPError as error:
    sys.exit(f"{address} answers {error.code} {error.reason}")
except OSError as error:
    sys.exit(f"{address}: {getattr(error, 'reason', error)}")
except Exception as error:  # whoever answers there does not speak HTTP
    sys.exit(f"{address}: {error!r}")
PY
}

# must_run: ends the script unless this checkout's containers are there and running.
must_run() {
  local running service
  must_have_engine
  running=$(docker compose ps --services --status running 2>/dev/null)
  for service in "$@"; do
    [[ $'\n'$running$'\n' == *$'\n'$service$'\n'* ]] ||
      die "the container $service is not running" "make up starts the stack; make logs shows how it ended"
  done
}

# must_have_logs: ends the script unless this checkout has containers, running or ended.
must_have_logs() {
  must_have_engine
  [[ -n $(docker compose ps --all --quiet 2>/dev/null) ]] ||
    die "this checkout has no containers, so there are no logs" "make up starts the stack"
}

must_have_engine() {
  docker version --format '{{.Server.Version}}' >/dev/null 2>&1 ||
    die "Docker does not answer, so there is no stack to ask" "make doctor says what is missing; make up starts Docker and the stack"
}
