#!/usr/bin/env bash
# Whether the images that are built hold the newest packages that their suites offer, the security suite among them. The
# package lists are fetched in a throw-away container of each. Ends with 1 and the list of what is older,
# with 3 when the lists cannot be had.
set -euo pipefail
cd "$(dirname "$0")/.."

# Fixes up to here are what the stack was reviewed with: an older one means that a suite is missing.
readonly NGINX_AT_LEAST=1.26.3-3+deb13u11

found=0
for service in api nginx acme prometheus; do
  image=${REGISTRY:+$REGISTRY/}flaskrandom-$service:${TAG:-latest}
  docker image inspect "$image" >/dev/null 2>&1 || continue
  said=$(docker run --rm --user 0:0 --entrypoint bash --env HTTP_PROXY --env HTTPS_PROXY --env NO_PROXY \
    --env "http_proxy=${HTTP_PROXY:-${http_proxy:-}}" "$image" -euo pipefail -c '
      apt-get -qq -o APT::Update::Error-Mode=any update || exit 3
      codenames=$(apt-get indextargets --format "\$(CODENAME)" "Created-By: Packages")
      [[ $codenames == *-security* ]] || echo "no security suite is configured"
      apt list --upgradable 2>/dev/null | tail -n +2
      nginx=$(dpkg-query --show --showformat "\${Version}" nginx 2>/dev/null || true)
      if [[ -n $nginx ]] && dpkg --compare-versions "$nginx" lt '"$NGINX_AT_LEAST"'; then
        echo "nginx $nginx is older than '"$NGINX_AT_LEAST"'"
      fi' 2>&1) || {
    status=$?
    printf '%s: %s%s\n' "$service" "$( ((status == 3)) && echo 'the package lists cannot be had: ')" "$(tail -n 1 <<<"$said")"
    exit $((status == 3 ? 3 : 1))
  }
  if [[ -n $said ]]; then
    printf '%s:\n%s\n' "$image" "$said"
    found=1
  fi
done
((found)) && echo "Rebuild with the newest packages: docker compose build --no-cache"
exit "$found"
