#!/usr/bin/env bash
# Back to what ran before the last deploy, in the same rolling way. Once more: forward again.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/say.sh
. scripts/lib/env.sh
load_env .env
. scripts/lib/instance.sh
. scripts/lib/stack.sh

main() {
  local name now to
  must_be_manager
  [[ -n $(service_image api) ]] || die "there is no stack $STACK on this Swarm" "make deploy TAG=..."
  now=$(service_tag api) to=$(previous_tag api)
  # After a deploy that failed Swarm remembers for one service nothing, and for the other what failed.
  [[ -n $to && $to == "$(previous_tag nginx)" ]] ||
    die "Swarm does not remember one version before $now for both services: it is the first, the last deploy was taken back already, or one service was changed by hand" "make deploy TAG=... with the tag that you want"
  say "Going back from $now to $to"
  if [[ $to == "$now" ]]; then
    warn "the last deploy was of $now, too: only its settings and secrets are taken back" "make deploy TAG=... for another version"
  fi
  for name in "${SERVICES[@]}"; do docker service rollback --detach "${STACK}_$name" >/dev/null; done
  for name in "${SERVICES[@]}"; do
    await_settled "$name"
    case $OUTCOME in
      settled | rolled-back) ;;
      *) why_failed "$name" "$(service_image "$name")" >&2; die "$name could not go back ($OUTCOME)" "make deploy TAG=... with a tag that runs" ;;
    esac
  done
  say "$STACK runs $(service_tag api)"
}

main "$@"
