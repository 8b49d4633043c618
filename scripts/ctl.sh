#!/usr/bin/env bash
# Any supervisorctl command in the api container: ctl.sh restart flaskrandom
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/say.sh
. scripts/lib/env.sh
. scripts/lib/instance.sh

readonly EXAMPLE='make ctl ARGS="restart flaskrandom"; make ctl ARGS=help lists all'

main() {
  (($#)) || die "ARGS is empty: which supervisorctl command?" "$EXAMPLE"
  load_env .env
  must_run api
  local ended=0
  docker compose exec -T api supervisorctl "$@" || ended=$?
  # supervisorctl's own: 3 when a program that it shows does not run.
  case $ended:$1 in
    0:*) ;;
    3:status) die "not every program runs" 'make ctl ARGS="start all" starts them; make logs shows how they ended' ;;
    *) die "supervisorctl $* ended with $ended" "the programs are named by make status; $EXAMPLE" ;;
  esac
}

main "$@"
