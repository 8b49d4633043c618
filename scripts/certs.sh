#!/usr/bin/env bash
# Hands the host's own certificate authorities to image builds (see local/README.md): behind a proxy that
# opens TLS, nothing could be downloaded without them.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/say.sh

[[ -w local/build-ca ]] || die "the folder local/build-ca cannot be written" "check who owns this checkout, and that its disk is not read-only"

for authority in /usr/local/share/ca-certificates/*.crt; do
  [[ -f $authority ]] || continue
  copy=local/build-ca/host-$(basename "$authority")
  # Only when it differs: a new time stamp alone would make the build start over.
  cmp -s "$authority" "$copy" || install -m 0644 "$authority" "$copy"
done
