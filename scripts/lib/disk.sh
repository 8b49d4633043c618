# Room for images and containers.
# shellcheck shell=bash

# What the build needs at its peak, with room to breathe; the two images share most of their layers.
# shellcheck disable=SC2034 # read by those who source this
NEED_MIB=2048

docker_root() { docker info --format '{{.DockerRootDir}}' 2>/dev/null; }

# free_mib FOLDER: what is left there, or at the nearest folder above it that this user can see.
free_mib() {
  local folder=$1
  until [[ -e $folder ]]; do folder=$(dirname "$folder"); done
  df --output=avail --block-size=1M "$folder" | tail -n 1 | tr -d ' '
}
