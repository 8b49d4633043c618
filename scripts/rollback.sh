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
  local name back=()
  must_be_manager
  [[ -n $(service_image api) ]] || die "there is no stack $STACK on this Swarm" "make deploy TAG=..."
  for name in "${SERVICES[@]}"; do
    if [[ -n $(previous_tag "$name") ]]; then back+=("$name"); fi
  done
  ((${#back[@]})) ||
    die "Swarm remembers nothing before $(service_tag api): it is the first, or the last deploy was taken back already" "make deploy TAG=... with the tag that you want"
  say "Going back from $(service_tag api) to $(previous_tag api)"
  for name in "${back[@]}"; do docker service rollback --detach "${STACK}_$name" >/dev/null; done
  for name in "${back[@]}"; do
    await_settled "$name"
    case $OUTCOME in
      settled | rolled-back) ;;
      *) why_failed "$name" "$(service_image "$name")" >&2; die "$name could not go back ($OUTCOME)" "make deploy TAG=... with a tag that runs" ;;
    esac
  done
  say "$STACK runs $(service_tag api)"
}

main "$@"
