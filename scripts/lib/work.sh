# Steps that take long. Needs say.sh.
# shellcheck shell=bash

# work WHAT COMMAND...: take a step, quietly. On a terminal the seconds that it has taken so far stand beside it.
# When it fails, the end of what it printed is shown, and where all of it is; the caller says what to do about it.
work() {
  local what=$1 log ticker='' failed=0
  shift
  log=$(mktemp)
  say "$what"
  if [[ -t 1 ]]; then
    _tick "$what" &
    ticker=$!
  fi
  "$@" >"$log" 2>&1 || failed=$?
  if [[ -n $ticker ]]; then
    kill "$ticker" 2>/dev/null || true
    wait "$ticker" 2>/dev/null || true
  fi
  if ((failed)); then
    tail -n 30 "$log" >&2
    printf '(all of it: %s)\n' "$log" >&2
  else
    rm -f "$log"
  fi
  return "$failed"
}

# Ends by itself when the script is interrupted.
_tick() {
  local began=$SECONDS
  while sleep 1 && kill -0 "$$" 2>/dev/null; do
    printf '\e[A\r\e[K%s (%d s)\n' "$(say "$1")" "$((SECONDS - began))"
  done
}
