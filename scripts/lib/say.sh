# Plain words on the terminal. Sourced by the scripts beside it.
# shellcheck shell=bash

if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
  _bold=$'\e[1m' _red=$'\e[31m' _green=$'\e[32m' _yellow=$'\e[33m' _off=$'\e[0m'
else
  _bold='' _red='' _green='' _yellow='' _off=''
fi

# say TEXT: a step that is being taken.
say() { printf '%s==>%s %s\n' "$_bold" "$_off" "$*"; }

# die PROBLEM FIX: one plain line that ends the script: what is wrong, and what to do about it.
die() {
  printf '%serror:%s %s\n' "$_red" "$_off" "$1" >&2
  if [[ -n ${2:-} ]]; then printf '  fix: %s\n' "$2" >&2; fi
  exit 1
}

ok() { printf '%sok%s    %s\n' "$_green" "$_off" "$*"; }
warn() { printf '%swarn%s  %s\n' "$_yellow" "$_off" "$1"; if [[ -n ${2:-} ]]; then printf '      fix: %s\n' "$2"; fi; }
fail() { printf '%sFAIL%s  %s\n' "$_red" "$_off" "$1"; if [[ -n ${2:-} ]]; then printf '      fix: %s\n' "$2"; fi; }
