# The stack on a Swarm: how it is rendered, what its services say, and waiting until an update is settled.
# Needs say.sh and instance.sh, and COMPOSE_PROJECT_NAME where the stack is not to be called flaskrandom.
# shellcheck shell=bash

STACK=${COMPOSE_PROJECT_NAME:-flaskrandom}
# shellcheck disable=SC2034 # read by those who source this
SERVICES=(api nginx)

# render_stack: compose.yaml and its overlays with every setting filled in, in the words that Swarm takes.
render_stack() {
  local files=(--file compose.yaml)
  if with_tls; then files+=(--file overrides/tls.yaml); fi
  files+=(--file deploy/swarm/stack.yaml)
  if with_tls; then files+=(--file deploy/swarm/tls.yaml); fi
  if [[ ${OVERLAY_ENCRYPTION:-yes} == yes ]]; then files+=(--file deploy/swarm/encrypted.yaml); fi
  if [[ -n ${API_KEYS_FILE:-} ]]; then files+=(--file deploy/swarm/keys.yaml); fi
  # Compose and `docker stack` are of two minds about which numbers are strings.
  docker compose --project-name "$STACK" "${files[@]}" config |
    sed -E -e '/^name:/d' -e 's/^( *(published|size): )"([0-9]+)"$/\1\3/' -e 's/^( *cpus: )([0-9.]+)$/\1"\2"/'
}

# of_service FORMAT SERVICE: one thing that Swarm knows of a service; nothing when there is no such service.
of_service() { docker service inspect --format "$1" "${STACK}_$2" 2>/dev/null || true; }

service_tag() { of_service '{{index .Spec.Labels "flaskrandom.tag"}}' "$1"; }
service_image() { of_service '{{.Spec.TaskTemplate.ContainerSpec.Image}}' "$1"; }
previous_tag() { of_service '{{with .PreviousSpec}}{{index .Labels "flaskrandom.tag"}}{{end}}' "$1"; }
update_state() { of_service '{{with .UpdateStatus}}{{.State}}{{end}}' "$1"; }

# must_be_manager: the engine that the client talks to can deploy.
must_be_manager() {
  [[ $(docker info --format '{{.Swarm.ControlAvailable}}' 2>/dev/null) == true ]] ||
    die "the engine at ${DOCKER_HOST:-context $(docker context show)} is no Swarm manager" "set DOCKER_CONTEXT or DOCKER_HOST to a manager's; deploy/swarm/README.md says how"
}

# await_settled SERVICE: follow an update until Swarm has settled it, a line for each step. Sets OUTCOME to
# settled, rolled-back (then Swarm has undone it by itself), failing or slow.
await_settled() {
  local state tasks said='' quiet=0 deadline=$((SECONDS + ${DEPLOY_TIMEOUT:-900}))
  OUTCOME=slow
  while ((SECONDS < deadline)); do
    state=$(update_state "$1")
    tasks=$(settled_tasks "$1")
    if [[ "$state $tasks" != "$said" ]]; then
      printf '    %s: %s tasks run %s%s\n' "$1" "$tasks" "$(service_tag "$1")" "${state:+ (${state/_/ })}"
      said="$state $tasks" quiet=0
    fi
    case $state in
      rollback_completed) OUTCOME=rolled-back ;;
      rollback_paused | paused) OUTCOME=failing ;;
      completed) if whole "$tasks"; then OUTCOME=settled; fi ;;
      # Swarm says nothing of a service that is new, nor of one whose tasks may stay: believed when it holds.
      '')
        if whole "$tasks" && ((++quiet > 5)); then OUTCOME=settled; fi
        if (($(failures "$1") > 5)) && [[ -z $(previous_tag "$1") ]]; then OUTCOME=failing; fi
        ;;
    esac
    if [[ $OUTCOME != slow ]]; then return; fi
    sleep 1
  done
}

# settled_tasks SERVICE: how many tasks run the image that the service asks for, of how many: 2/3.
settled_tasks() {
  local wanted running
  wanted=$(docker service ls --format '{{.Name}} {{.Replicas}}' | awk -v name="${STACK}_$1" '$1 == name { sub(".*/", "", $2); print $2 }')
  running=$(docker service ps --no-trunc --filter desired-state=running --format '{{.Image}} {{.CurrentState}}' "${STACK}_$1" 2>/dev/null |
    grep -cF "$(service_image "$1") Running" || true)
  printf '%s/%s' "$running" "${wanted:-0}"
}

whole() { [[ ${1%/*} == "${1#*/}" && $1 != 0/0 ]]; }

failures() { docker service ps --filter desired-state=shutdown --format '{{.Error}}' "${STACK}_$1" 2>/dev/null | grep -c . || true; }

# why_failed SERVICE IMAGE: what became of the latest tasks of that image, and the last words of their containers.
why_failed() {
  local task node state
  of_service '{{with .UpdateStatus}}    {{.Message}}{{end}}' "$1"
  while IFS='|' read -r task node state; do
    printf '    on %s: %s\n' "$node" "$state"
    # Of a task whose machine is lost, or that never had one, there may be no logs, and no end of waiting for them.
    { timeout 20 docker service logs --raw --tail 10 "$task" 2>&1 || true; } | sed 's/^/    | /'
  done < <(docker service ps --no-trunc --filter desired-state=shutdown --format '{{.Image}}|{{.ID}}|{{.Node}}|{{.CurrentState}} {{.Error}}' "${STACK}_$1" |
    awk -v image="$2" 'index($0, image "@") == 1 || index($0, image "|") == 1' | head -n 2 | cut -d '|' -f 2-)
}
