#!/usr/bin/env bash
# Chromium for the browser tests, and what Playwright needs to drive it: what is there, or the distribution's
# own packages. Without them, and without the right to install them, those tests are skipped and say so.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/say.sh
. scripts/lib/work.sh
. scripts/lib/apt.sh

have_browser() {
  local name
  for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then return; fi
  done
  return 1
}

# Playwright brings a node that is linked to this library.
have_libatomic() { [[ $(ldconfig -p) == *libatomic.so.1* ]]; }

packages=()
have_browser || packages+=(chromium)
have_libatomic || packages+=(libatomic1)
# Ubuntu's chromium package is a snap, which servers and containers do not run.
if ((${#packages[@]})) && may_install && [[ $(os_release ID) == debian ]]; then
  say "Installing ${packages[*]} from this system's own packages, for the browser tests"
  apt_update
  apt_install "${packages[@]}"
fi
