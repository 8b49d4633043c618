# Debian's packages: what the system is, where its mirror is, and installing with one line said first.
# Needs say.sh and work.sh.
# shellcheck shell=bash

# os_release KEY: a field of /etc/os-release (ID, ID_LIKE, VERSION_CODENAME, ...).
os_release() { (. /etc/os-release 2>/dev/null && printf '%s' "${!1:-}"); }

# may_install: whether this user, on this system, can install packages.
may_install() { [[ $(id -u) == 0 ]] && on_apt_system; }

on_apt_system() {
  case " $(os_release ID) $(os_release ID_LIKE) " in
    *" debian "* | *" ubuntu "*) command -v apt-get >/dev/null ;;
    *) return 1 ;;
  esac
}

# apt_mirror SUITE: the address that apt's own configuration has for a suite; nothing when it has none.
apt_mirror() {
  local uri
  # apt answers from its package lists, which a fresh system does not have yet.
  [[ -n $(apt-get indextargets 'Created-By: Packages' 2>/dev/null) ]] || apt_update
  # shellcheck disable=SC2016 # apt fills these in
  uri=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    awk -v suite="$1" '$1 == suite { print $2; exit }')
  # Cloud images name a file that lists the mirrors: its first line will do.
  if [[ $uri == mirror+file:* ]]; then
    uri=${uri#mirror+file:}
    uri=$(awk '{ print $1; exit }' "${uri%/}")
  fi
  printf '%s' "${uri%/}"
}

# apt_install PACKAGE...: install, without recommended extras, and refuse to upgrade or remove anything else.
apt_install() {
  local plan changed
  plan=$(LC_ALL=C apt-get install --simulate --no-install-recommends "$@" 2>&1) ||
    die "apt cannot install: $* ($(printf '%s' "$plan" | tail -n 1))" "run apt-get install $* by hand and see why"
  changed=$(printf '%s\n' "$plan" | sed -n 's/^\([0-9]*\) upgraded, .* \([0-9]*\) to remove.*/\1 upgraded and \2 removed/p')
  [[ $changed == "0 upgraded and 0 removed" ]] ||
    die "installing $* would leave $changed other packages; nothing was done" "install Docker by hand, then run this again"
  work "Downloading and unpacking" \
    env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 "$@" ||
    die "installing $* failed" "mend what the lines above say, then run this again"
}

apt_update() {
  local said
  said=$(apt-get update -qq 2>&1) ||
    die "apt-get update failed ($(tail -n 1 <<<"$said"))" "mend apt's sources or the network, then run this again"
}
