"""Checks nginx's settings and renders its configuration.

    configure.py [TARGET [CERTIFICATE]]

reads /etc/nginx/templates and writes to TARGET, /run/nginx if not given. CERTIFICATE is the file that TLS uses.

The templates are nginx configuration with two additions: `${NAME}` becomes a value, and a line whose value is a list
is repeated for each item; a line that ends with `# if A !B` stays only if A is set and B is not.
"""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import settings
from cpus import available_cpus

TEMPLATES = Path("/etc/nginx/templates")
RENDERED = Path("/run/nginx")
CERTIFICATE = Path("/var/lib/tls/certificate.pem")

PLACEHOLDER = re.compile(r"\$\{([A-Z0-9_]+)\}")
CONDITION = re.compile(r"[ \t]*# if ([A-Z0-9_! ]+)$")


def render(template: str, values: Mapping[str, Any]) -> str:
    """Fill in `values`. Every line keeps its number, so that nginx's messages fit the template.

    Raises:
        KeyError: the template has a name that is not among `values`.
    """
    return "\n".join(_line(line, values) for line in template.split("\n"))


def _line(line: str, values: Mapping[str, Any]) -> str:
    if condition := CONDITION.search(line):
        for name in condition[1].split():
            if bool(values[name.lstrip("!")]) == name.startswith("!"):
                return ""
        line = line[: condition.start()]
    filled = [line]
    for name in dict.fromkeys(PLACEHOLDER.findall(line)):
        value = values[name]
        items = value if isinstance(value, list) else [value]
        filled = [one.replace(f"${{{name}}}", str(item)) for one in filled for item in items]
    return " ".join(filled)


def values_for(environ: Mapping[str, str]) -> dict[str, Any]:
    """The values for the templates: nginx's settings, and values derived from them.

    Raises:
        settings.BadSetting: one line for each bad value.
    """
    values = settings.read("nginx", environ)
    for switch in ("TLS", "HTTP3", "PROXY_PROTOCOL"):
        values[switch] = values[switch] != "off"
    values["HTTP3"] = values["HTTP3"] and values["TLS"]
    # A parameter of a directive.
    values["PROXY_PROTOCOL"] = "proxy_protocol" if values["PROXY_PROTOCOL"] else ""
    values["SERVER_NAME"] = " ".join(values["SERVER_NAME"])
    values["TRUSTED_PROXIES"] = values["TRUSTED_PROXIES"] or []
    origins = values["CORS_ALLOW_ORIGINS"] or []
    values["CORS_ORIGINS"] = [] if origins == ["*"] else origins
    values["HTTPS_SUFFIX"] = "" if values["HTTPS_PORT"] == 443 else f":{values['HTTPS_PORT']}"
    return values


def machine_values() -> dict[str, Any]:
    """Values from the container's environment: CPUs, addresses, name servers."""
    return {
        "WORKERS": math.ceil(available_cpus()),
        "ADDRESSES": ["0.0.0.0", "[::]"] if Path("/proc/net/if_inet6").exists() else ["0.0.0.0"],
        "RESOLVERS": resolvers(Path("/etc/resolv.conf").read_text()) or "127.0.0.11",
    }


def resolvers(resolv_conf: str) -> str:
    """The name servers in a resolv.conf, as nginx writes them."""
    found = re.findall(r"^nameserver\s+(\S+)", resolv_conf, re.MULTILINE)
    return " ".join(f"[{address}]" if ":" in address else address for address in found)


def write(values: Mapping[str, Any], templates: Path, target: Path) -> None:
    """Render all templates into `target`, and create the folder for nginx's temporary files."""
    (RENDERED / "tmp").mkdir(parents=True, exist_ok=True)
    for template in templates.rglob("*.conf"):
        rendered = target / template.relative_to(templates)
        rendered.parent.mkdir(parents=True, exist_ok=True)
        rendered.write_text(render(template.read_text(), values))


def main(arguments: list[str]) -> None:
    """Render the templates, or exit with a line for each bad setting."""
    target = Path(arguments[0]) if arguments else RENDERED
    certificate = arguments[1] if len(arguments) > 1 else CERTIFICATE
    try:
        values = values_for(os.environ)
    except settings.BadSetting as bad:
        sys.exit(str(bad))
    write({**values, **machine_values(), "CERTIFICATE": certificate}, TEMPLATES, target)


if __name__ == "__main__":
    main(sys.argv[1:])
