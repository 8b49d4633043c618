#!/usr/bin/env bash
# Writes an SBOM of each locally built image to dist/, as CycloneDX 1.6: Debian's packages, and Python's. The same
# image gives the same bytes. sbom.sh [SERVICE…]
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/.venv/bin:$PATH
mkdir -p dist

[[ $# -gt 0 ]] || set -- api nginx acme prometheus
for service; do
  image=${REGISTRY:+$REGISTRY/}flaskrandom-$service:${TAG:-latest} file=dist/flaskrandom-$service
  inside=(docker run --rm --network none --read-only --user 0:0 --entrypoint)
  if ! about=$(docker image inspect --format '{{.Id}} {{.Created}}' "$image" 2>/dev/null); then
    echo "skipped: there is no image $image"
    continue
  fi
  read -r id created <<<"$about"
  # The image's digest, cut to a UUID.
  serial=$(sed -E 's/^sha256:(.{8})(.{4})(.{4})(.{4})(.{12}).*/\1-\2-\3-\4-\5/' <<<"$id")
  "${inside[@]}" tar "$image" -cC / var/lib/dpkg | debsbom generate --root - --sbom-type cdx --cdx-schema-version 1.6 \
    --distro-name "$image" --distro-version "$id" --cdx-serialnumber "$serial" --timestamp "$created" --out "$file.debian" 2> >(grep -v 'no supplier for' >&2)
  case $service in
    nginx) cat services/nginx/requirements.lock ;; # the image has files of packages that are not installed in it
    api | acme) "${inside[@]}" python "$image" -c 'from importlib.metadata import distributions
for package in sorted(distributions(), key=lambda p: p.name): print(package.name, package.version, sep="==")' ;;
  esac | cyclonedx-py requirements --output-reproducible --no-validate --sv 1.6 -o "$file.python.cdx.json" -
  echo "$file.debian.cdx.json $file.python.cdx.json"
done
