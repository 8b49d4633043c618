#!/usr/bin/env bash
# A rolling update of the stack on a Swarm of one or many machines, through whichever manager DOCKER_CONTEXT or
# DOCKER_HOST names. Every new container must become healthy and stay so before the next one is replaced; if one
# does not, Swarm goes back by itself, and this says why and ends with 1.
#
#   make deploy TAG=v2
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/say.sh
. scripts/lib/env.sh
load_env .env
. scripts/lib/instance.sh
. scripts/lib/stack.sh

main() {
  check_tag
  check_settings
  check_swarm
  check_port
  images
  check_certificate
  make_swarm
  deploy
  judge
  check_overlay
  say "$STACK runs $TAG"
}

check_tag() {
  [[ -n ${TAG:-} && $TAG != latest ]] ||
    die "TAG=${TAG:-}: a deploy needs the tag of one build; what 'latest' is changes, and could not be gone back to" "make deploy TAG=v2"
}

check_settings() {
  local wrong
  wrong=$(scripts/settings.sh) || die "$wrong" "change it in .env, or in the shell's environment if it is set there"
  if [[ -n ${API_KEYS_FILE:-} ]]; then
    [[ -r local/$API_KEYS_FILE ]] || die "API_KEYS_FILE=$API_KEYS_FILE: local/$API_KEYS_FILE cannot be read" "make key NAME=... makes it"
    API_KEYS_HASH=$(sha256sum "local/$API_KEYS_FILE" | cut -c 1-12)
    export API_KEYS_HASH
  fi
  if with_tls; then find_certificate; fi
}

find_certificate() {
  local file
  CHAIN=${TLS_FOLDER:=./local/tls}/fullchain.pem KEY=$TLS_FOLDER/privkey.pem
  for file in "$CHAIN" "$KEY"; do
    [[ -r $file ]] ||
      die "HTTPS is on (overrides/tls.yaml in COMPOSE_FILE), and $file cannot be read" "put your certificate there, or set TLS_FOLDER to where it is; deploy/swarm/README.md says how to get one for a Swarm"
  done
  TLS_HASH=$(cat "$KEY" "$CHAIN" | sha256sum | cut -c 1-12)
  export TLS_HASH
}

# Judged by the image that is to serve it, on the manager, before anything is touched.
check_certificate() {
  local said
  with_tls || return 0
  # A key file may end without a newline, and the certificate has to begin on a line of its own.
  said=$(sed -s "\$a\\" "$KEY" "$CHAIN" |
    docker run --rm --interactive --network none --read-only --cap-drop ALL --sysctl net.ipv4.ip_unprivileged_port_start=0 \
      --tmpfs /run/nginx:mode=1777 --tmpfs /var/lib/tls:mode=1777 --entrypoint certificates "$NGINX_IMAGE" check 2>&1) ||
    die "the certificate in $TLS_FOLDER is not good: $said" "mend it and deploy again; nothing was changed"
  say "The certificate: $said"
}

in_a_swarm() { [[ $(docker info --format '{{.Swarm.LocalNodeState}}') != inactive ]]; }

# One machine is a Swarm of one, whose management nobody else can reach.
make_swarm() {
  if in_a_swarm; then return; fi
  say "Making this engine a Swarm of one, managed from itself alone (undo it with: docker swarm leave --force)"
  docker swarm init --advertise-addr 127.0.0.1 --listen-addr 127.0.0.1 >/dev/null
}

check_swarm() {
  in_a_swarm || return 0
  must_be_manager
  if [[ -z ${REGISTRY:-} && $(docker node ls --quiet | wc -l) -gt 1 ]]; then
    die "this Swarm has several machines, and without REGISTRY only this one has the images" "REGISTRY=registry.example/team make push deploy TAG=$TAG"
  fi
  local encrypted
  encrypted=$(docker network inspect --format '{{if index .Options "encrypted"}}yes{{else}}no{{end}}' "${STACK}_inside" 2>/dev/null || true)
  [[ -z $encrypted || $encrypted == "${OVERLAY_ENCRYPTION:-yes}" ]] ||
    die "the network ${STACK}_inside was made with OVERLAY_ENCRYPTION=$encrypted, which cannot change while it is in use" "OVERLAY_ENCRYPTION=$encrypted, or: docker stack rm $STACK, and deploy anew"
}

check_port() {
  local port holder
  if [[ -n $(service_image nginx) ]]; then return; fi
  for port in "${HTTP_PORT:-80}" $(with_tls && echo "${HTTPS_PORT:-443}"); do
    holder=$(docker ps --format '{{.Names}}' --filter "publish=$port" | head -n 1)
    [[ -z $holder ]] || die "port $port is taken by container $holder" "make down stops the stack that make up started"
  done
}

# The images have to be there before anything is touched.
images() {
  local name image
  for name in "${SERVICES[@]}"; do
    image=${REGISTRY:+$REGISTRY/}flaskrandom-$name:$TAG
    if [[ -n ${REGISTRY:-} ]]; then
      docker pull --quiet "$image" >/dev/null || die "$image cannot be pulled" "make push REGISTRY=$REGISTRY TAG=$TAG"
    else
      docker image inspect "$image" >/dev/null 2>&1 || die "there is no image $image" "make build TAG=$TAG"
    fi
    printf -v "${name^^}_IMAGE" '%s' "$image"
  done
  # Another tag on the same content is no reason to take the port away from anybody.
  if [[ "$(content "$NGINX_IMAGE")" == "$(content "$(service_image nginx)")" ]]; then
    NGINX_IMAGE=$(service_image nginx)
    say "nginx is the same in $TAG: it stays as it is, and its image ${NGINX_IMAGE%@*} has to stay, too"
  fi
  export API_IMAGE NGINX_IMAGE TAG
}

# What decides how a container of this image behaves: all but its labels and dates.
content() {
  docker image inspect --format '{{json .RootFS.Layers}}{{with .Config}}{{json .Env}}{{json .Entrypoint}}{{json .Cmd}}{{json .Healthcheck}}{{.User}}{{.StopSignal}}{{.WorkingDir}}{{end}}' "$1" 2>/dev/null ||
    printf 'unknown: %s' "$1"
}

deploy() {
  local before resolve=always
  before=$(service_tag api)
  say "Deploying $TAG${before:+ over $before} as the stack $STACK"
  if [[ -z ${REGISTRY:-} ]]; then resolve=never; fi
  render_stack | docker stack deploy --compose-file - --detach=true --prune --with-registry-auth --resolve-image "$resolve" "$STACK" >/dev/null
}

judge() {
  local name bad=() others=() slow=() stuck=''
  for name in "${SERVICES[@]}"; do
    await_settled "$name"
    case $OUTCOME in
      settled) others+=("$name") ;;
      slow) others+=("$name") slow+=("$name") ;;
      *)
        bad+=("$name: $OUTCOME")
        if [[ $OUTCOME == failing ]]; then stuck=$name; fi
        case $name in api) why_failed api "$API_IMAGE" ;; nginx) why_failed nginx "$NGINX_IMAGE" ;; esac >&2
        ;;
    esac
  done
  if ((${#bad[@]} == 0)); then
    ((${#slow[@]})) || return 0
    check_overlay
    die "${slow[*]} still being updated after ${DEPLOY_TIMEOUT:-900} s; Swarm goes on, and takes back what fails by itself" "docker service ps ${STACK}_${slow[0]} shows how far it is; DEPLOY_TIMEOUT=3600 waits longer the next time; make rollback takes both services back"
  fi
  for name in "${others[@]}"; do
    # The two versions belong together.
    if [[ -n $(previous_tag "$name") ]]; then
      say "Taking $name back, too"
      docker service rollback --detach "${STACK}_$name" >/dev/null
      await_settled "$name"
    fi
  done
  # Where the machines cannot reach each other nothing else is worth saying.
  check_overlay
  local now
  now=$(service_tag api)
  if [[ $now == "$TAG" ]]; then
    die "$TAG does not run (${bad[*]}), and there is nothing before it to go back to" "mend what the lines above say and deploy again; docker stack rm $STACK removes it"
  fi
  [[ -z $stuck ]] ||
    die "$TAG does not run (${bad[*]}), and going back to $now failed, too" "docker service ps ${STACK}_$stuck shows where it stopped; mend what the lines above say, and deploy a tag that runs"
  die "$TAG does not run (${bad[*]}); the stack is back at $now" "mend what the lines above say, and deploy the next build"
}

# A firewall between the machines shows only here: each nginx is healthy as long as it reaches any replica.
check_overlay() {
  local nginx unreached
  nginx=$(docker ps --quiet --filter "label=com.docker.swarm.service.name=${STACK}_nginx" | head -n 1)
  [[ -n $nginx ]] || return 0
  # shellcheck disable=SC2016 # for the shell in there
  unreached=$(docker exec "$nginx" bash -c '
    for address in $(getent ahostsv4 api | cut -d " " -f 1 | sort -u); do
      # Twice: a replica whose queue is full lets the first one wait, too.
      timeout 3 bash -c "</dev/tcp/$address/5000" 2>/dev/null || timeout 3 bash -c "</dev/tcp/$address/5000" 2>/dev/null ||
        printf "%s " "$address"
    done') || return 0
  [[ -z $unreached ]] ||
    die "nginx on this machine cannot reach the replicas at $unreached" "let the machines talk to each other on 7946/tcp and udp, 4789/udp and, with OVERLAY_ENCRYPTION=yes, IP protocol 50 (ESP), which the kernel must have, too"
}

main "$@"
