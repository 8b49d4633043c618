#!/usr/bin/env bash
# Chromium for the browser tests: the one that is there, or the distribution's own package.
# Without it, and without the right to install it, those tests are skipped and say so.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/say.sh
. scripts/lib/apt.sh

for browser in chromium chromium-browser google-chrome; do
  if command -v "$browser" >/dev/null; then exit 0; fi
done
if may_install && [[ $(os_release ID) == debian ]]; then
  say "Installing chromium from this system's own packages, for the browser tests"
  apt_update
  apt_install chromium
fi
