#!/usr/bin/env bash
# Stops the stack, whatever profiles it runs with, and removes its containers; whatever follows is for Compose's own `down`.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/say.sh
. scripts/lib/docker.sh

if ! command -v docker >/dev/null; then
  say "There is no Docker here, so nothing to stop"
elif engine_answers; then
  docker compose --profile "*" down "$@"
elif engine_forbids; then
  die "user $(id -un) may not talk to Docker" "sudo usermod -aG docker $(id -un), then log in again; or run this with sudo"
else
  die "Docker Engine does not answer, so the stack is not running, and what it left cannot be removed" "make doctor names what is missing; make up starts the engine"
fi
