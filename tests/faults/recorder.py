"""A stack whose app also records every request that reaches it, as the app parsed it.

Everything else is as shipped: nginx, Supervisor, Gunicorn and its settings, and the app behind the recorder.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from support.stack import Stack, throwaway

APP = '''\
"""The shipped app behind a recorder: one JSON line for each request, in order of completion."""
import json, os

from flaskrandom import create_app

shipped = create_app()
SEEN = "/tmp/seen"


def app(environ, start_response):
    seen = {
        "method": environ["REQUEST_METHOD"],
        "target": environ["RAW_URI"],
        "length": environ.get("CONTENT_LENGTH"),
        "headers": sorted(name for name in environ if name.startswith("HTTP_")),
    }
    try:
        body = environ["wsgi.input"].read()
        seen["body"] = body.decode("latin-1")
    except Exception as error:
        seen["error"] = type(error).__name__
        raise
    finally:
        if environ["PATH_INFO"] not in {"/readyz", "/healthz"}:
            with open(SEEN, "a") as file:
                file.write(json.dumps(seen) + "\\n")
    import io

    environ["wsgi.input"] = io.BytesIO(body)
    return shipped(environ, start_response)
'''


class Recorder:
    """The stack, and the requests that its app has seen. The host reads its files and sockets through /proc."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._root = Path(f"/proc/{stack.api.state['Pid']}/root")

    @property
    def socket(self) -> str:
        """The socket on which Gunicorn listens, without nginx in between."""
        return str(self._root / "run/flaskrandom/api.sock")

    def requests(self) -> list[dict[str, Any]]:
        """All requests so far, without health checks."""
        seen = self._root / "tmp/seen"
        return [json.loads(line) for line in seen.read_text().splitlines()] if seen.exists() else []

    def seen(self) -> int:
        return len(self.requests())


@contextmanager
def recorded(**environ: str) -> Iterator[Recorder]:
    """A throw-away stack with the recorder in front of its app."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        app = Path(folder, "app.py")
        app.write_text(APP)
        app.chmod(0o644)
        overlay = Path(folder, "recorder.yaml")
        overlay.write_text(f'services: {{api: {{volumes: ["{app}:/app/app.py:ro"]}}}}\n')
        with throwaway(overlay, **{"RATE_LIMIT": "0", **environ}) as stack:
            stack.start()
            yield Recorder(stack)
