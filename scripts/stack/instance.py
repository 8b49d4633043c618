"""The instance that a test is about: this checkout's own stack, or one at an address."""

from __future__ import annotations

import os
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request

from .console import Problem, say
from .shell import own_url
from .tools import venv


def smoke() -> None:
    """The integration tests that are safe against any instance, with the API key in API_KEY if it wants one.

    Raises:
        Problem: BASE_URL names no such instance, or a test fails.
    """
    address = os.environ.get("BASE_URL", "")
    if not address:
        raise Problem("BASE_URL is empty: which instance?", "make smoke BASE_URL=https://host, or http://localhost")
    # Before anything is installed.
    need_answer(address)
    need_key(address)
    venv()
    say(f"Testing {address}")
    command = [".venv/bin/python", "-m", "pytest", "tests/integration", "-m", "not local", "--base-url", address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as tests:
        line = ""
        for line in tests.stdout or ():
            print(line, end="", flush=True)
    if tests.returncode:
        raise Problem(
            f"{address} does not behave as it should",
            "the failures are listed above; it may also be of another version than this checkout",
        )
    passed = re.search(r"(\d+) passed", line)
    say(f"{address} passed {passed[1] if passed else 0} checks")


def need_answer(address: str) -> None:
    """Raises Problem unless an instance answers there. SSL_CERT_FILE names authorities of one's own."""
    own_authorities = os.environ.get("SSL_CERT_FILE")
    if own_authorities:  # Python reads it itself; requests and Node.js have their own names for it
        os.environ.update(REQUESTS_CA_BUNDLE=own_authorities, NODE_EXTRA_CA_CERTS=own_authorities)
    if not re.fullmatch(r"https?://[^/?#]+/?", address):
        raise Problem(
            f"BASE_URL={address}: must be the address of an instance, without a path",
            "for example BASE_URL=https://random.example or BASE_URL=http://localhost:8080",
        )
    said = ask(address.rstrip("/") + "/healthz")
    if said:
        fix = "check the address, and that the stack is up there: make status, on that machine"
        if "CERTIFICATE_VERIFY_FAILED" in said:
            fix = f"if an authority of your own signed it: SSL_CERT_FILE=ca.pem make smoke BASE_URL={address}"
        elif f"{own_url()}/" in said:
            fix = "make up starts one here"
        raise Problem(f"no instance answers at {address} ({said})", fix)


def need_key(address: str) -> None:
    """Raises Problem if the instance wants an API key and API_KEY is none that it takes."""
    if " answers 401 " not in ask(address.rstrip("/") + "/api/v1/uuids"):
        return
    if os.environ.get("API_KEY"):
        raise Problem(f"{address} does not take the key in API_KEY", "make key NAME=smoke, on that machine, makes one")
    raise Problem(
        f"{address} wants an API key",
        f"put one in the environment: read -rs API_KEY && export API_KEY, then make smoke BASE_URL={address}",
    )


def ask(address: str) -> str:
    """Why the address does not answer well; empty when it does."""
    # A proxy for the outer world is none for this machine.
    here = urllib.parse.urlsplit(address).hostname in ("localhost", "127.0.0.1", "::1")
    opener = urllib.request.build_opener(*([urllib.request.ProxyHandler({})] if here else []))
    key = os.environ.get("API_KEY")
    request = urllib.request.Request(address, headers={"X-API-Key": key} if key else {})  # noqa: S310
    try:
        opener.open(request, timeout=10).close()
    except urllib.error.HTTPError as error:
        return f"{address} answers {error.code} {error.reason}"
    except OSError as error:
        return f"{address}: {getattr(error, 'reason', error)}"
    except Exception as error:  # it does not speak HTTP
        return f"{address}: {error!r}"
    return ""
