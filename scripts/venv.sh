#!/usr/bin/env bash
# .venv for tests, linters and development: from locked, hashed requirements, made anew only when those change.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/say.sh
. scripts/lib/work.sh
. scripts/lib/apt.sh

readonly VENV=.venv LOCK=tests/requirements.lock
readonly STAMP=$VENV/requirements.lock

main() {
  local packages
  cmp -s "$LOCK" "$STAMP" || make_venv
  # The app imports the checker of settings, which lies outside its folder here.
  packages=$("$VENV/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  printf '%s\n' "$PWD/services/settings" >"$packages/flaskrandom-settings.pth"
}

make_venv() {
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    die "python3 is missing or older than 3.11" "install a newer Python 3 and run this again"
  have_venv || install_venv
  python3 -m venv --clear "$VENV" ||
    die "python3 could not make a virtual environment in $VENV" "see the lines above; is the disk full, or this checkout not yours?"
  work "Making $VENV from $LOCK (a minute or two, once)" \
    "$VENV/bin/pip" install --disable-pip-version-check --no-deps --require-hashes -r "$LOCK" ||
    die "installing $LOCK failed" "see the lines above; behind a proxy set HTTPS_PROXY, with a mirror of PyPI PIP_INDEX_URL"
  cp "$LOCK" "$STAMP"
}

# Debian and Ubuntu ship Python without this part.
have_venv() { python3 -c 'import ensurepip, venv' 2>/dev/null; }

install_venv() {
  may_install || die "python3 lacks its venv module" "apt-get install python3-venv"
  say "Installing python3-venv from this system's own packages"
  apt_update
  apt_install python3-venv
}

main "$@"
