# Who has the port that the stack is to be published on.
# shellcheck shell=bash

# port_taken PORT: whether another listener than this project's nginx has it, on IPv4 or IPv6.
port_taken() {
  [[ -z $(docker ps --quiet --filter "publish=$1" --filter "label=com.docker.compose.project=${COMPOSE_PROJECT_NAME:-flaskrandom}" 2>/dev/null) ]] || return 1
  python3 - "$1" <<'PY'
import errno, socket, sys

for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
    try:
        with socket.socket(family) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind((address, int(sys.argv[1])))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            sys.exit(0)
        if error.errno == errno.EACCES:
            # This user may not bind there; whether somebody did can still be seen.
            with socket.socket(family) as client:
                client.settimeout(1)
                if client.connect_ex(("127.0.0.1" if family == socket.AF_INET else "::1", int(sys.argv[1]))) == 0:
                    sys.exit(0)
sys.exit(1)
PY
}

# port_holder PORT: in words, as far as this user may know.
port_holder() {
  local name
  name=$(docker ps --format '{{.Names}}' --filter "publish=$1" 2>/dev/null | head -n 1)
  if [[ -n $name ]]; then
    printf 'container %s' "$name"
    return
  fi
  name=$(ss -Hltnp "sport = :$1" 2>/dev/null | sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/\1, process \2/p' | head -n 1)
  printf '%s' "${name:-another program}"
}
