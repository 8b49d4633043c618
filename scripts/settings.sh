#!/usr/bin/env bash
# Checks every setting, as Compose will see it: the shell's environment first, then .env.
# Prints one line for each bad value, naming the variable, its value and what is allowed; then exits with 1.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/env.sh

load_env .env
bad=0

# must NAME PATTERN ALLOWED: the settings that Compose itself reads.
must() {
  local value=${!1:-}
  if [[ -n $value && ! $value =~ ^($2)$ ]]; then
    printf '%s=%s: must be %s\n' "$1" "$value" "$3"
    bad=1
  fi
}

at_least_128m='(12[89]|1[3-9][0-9]|[2-9][0-9]{2}|[1-9][0-9]{3,})m|[1-9][0-9]*g'
at_least_256m='(25[6-9]|2[6-9][0-9]|[3-9][0-9]{2}|[1-9][0-9]{3,})m|[1-9][0-9]*g'

port='[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]'
must HTTP_PORT "$port" 'a port from 1 to 65535'
must PROMETHEUS_PORT "$port" 'a port from 1 to 65535'
must API_CPUS '[1-9][0-9]{0,2}' 'a whole number from 1 to 999'
must NGINX_CPUS '[1-9][0-9]{0,2}' 'a whole number from 1 to 999'
must API_MEMORY "$at_least_256m" 'a size such as 512m or 2g, at least 256m'
must NGINX_MEMORY "$at_least_128m" 'a size such as 192m or 1g, at least 128m'
must REGISTRY '[a-z0-9]([a-z0-9._:/-]*[a-z0-9])?' 'a registry and path without a slash at its end'
must API_REPLICAS '[1-9][0-9]{0,3}' 'a whole number from 1 to 9999'
must OVERLAY_ENCRYPTION 'yes|no' 'yes or no'
must NGINX_DRAIN_SECONDS '[0-9]|[1-5][0-9]|60' 'a whole number from 0 to 60'
must NGINX_UPDATE_DELAY '[0-9]{1,3}' 'a whole number from 0 to 999'
must TLS_FOLDER '[.]{0,2}/[^:[:space:]]*' 'a folder that begins with / or ./, without spaces and colons'
must TAG '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}' 'an image tag'

# Each container's own settings are checked by the code that reads them when it starts.
# These two are for platforms and for Swarm to set; in this shell they mean something else, if anything.
env -u PORT -u DRAIN_SECONDS python3 services/api/flaskrandom/config.py 2>&1 || bad=1
env -u DRAIN_SECONDS sh services/nginx/bin/settings 2>&1 || bad=1
if [[ ${API_KEYS_FILE:-} == secrets/* ]]; then
  python3 services/api/flaskrandom/keys.py check "local/$API_KEYS_FILE" 2>&1 | sed 's/^local./API_KEYS_FILE=/' || bad=1
fi
python3 services/acme/config.py 2>&1 || bad=1

exit "$bad"
