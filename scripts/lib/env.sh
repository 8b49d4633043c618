# Reading .env as Compose does: NAME=value lines, # comments, quotes around a value. The last line of a name
# counts, and what the shell has wins over the file.
# shellcheck shell=bash

load_env() {
  local line name value
  local -A values=()
  while IFS= read -r line || [[ -n $line ]]; do
    [[ $line =~ ^[[:space:]]*(export[[:space:]]+)?([A-Za-z_][A-Za-z0-9_]*)[[:space:]]*=[[:space:]]*(.*)$ ]] || continue
    name=${BASH_REMATCH[2]} value=${BASH_REMATCH[3]}
    if [[ $value =~ ^\"(.*)\"[[:space:]]*(#.*)?$ || $value =~ ^\'(.*)\'[[:space:]]*(#.*)?$ ]]; then
      value=${BASH_REMATCH[1]}
    else
      value=${value%%[[:space:]]#*}
      value=${value%"${value##*[![:space:]]}"}
    fi
    values[$name]=$value
  done <"$1"
  for name in "${!values[@]}"; do
    [[ -v $name ]] || export "$name=${values[$name]}"
  done
}
