"""Supervisor event listener: ends the container when a program cannot be kept running.

Without it supervisord stays up with nothing to supervise, and no restart policy ever notices.
The protocol (https://supervisord.org/events.html#event-listeners-and-event-notifications) is spoken here and not by
supervisor.childutils, which would hold 7 MB for these few lines. Standard output belongs to it.
"""

import os
import signal
import sys
from typing import TextIO

#: What is left here says which program ended the container, and that the end was no orderly one.
FATAL_NOTE = "/run/supervisor/fatal"


def tokens(line: str) -> dict[str, str]:
    """`name:value` pairs, as headers and the payloads of process states have them."""
    return dict(token.split(":", 1) for token in line.split())


def main(events: TextIO = sys.stdin, answers: TextIO = sys.stdout) -> None:
    while True:
        print("READY", file=answers, flush=True)
        line = events.readline()
        if not line:
            return  # supervisord has gone
        headers = tokens(line)
        payload = events.read(int(headers["len"]))
        state = tokens(payload)
        # An exit that is expected (exitcodes) is one that starting again cannot mend: Supervisor leaves it at that.
        if headers["eventname"] == "PROCESS_STATE_FATAL" or state.get("expected") == "1":
            with open(FATAL_NOTE, "w") as note:  # noqa: PTH123 -- pathlib takes 2 MB
                note.write(f"program {state['processname']} is FATAL: it could not be kept running")
            os.kill(os.getppid(), signal.SIGTERM)
        print("RESULT 2\nOK", end="", file=answers, flush=True)


if __name__ == "__main__":
    main()
