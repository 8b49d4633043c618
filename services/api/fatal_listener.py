"""Supervisor event listener: ends the container when a program cannot be kept running.

Without it supervisord stays up with nothing to supervise, and no restart policy ever notices.
Protocol: https://supervisord.org/events.html#event-listeners-and-event-notifications (stdout belongs to it).
"""

import os
import signal
from pathlib import Path

from supervisor import childutils

#: What is left here says which program ended the container, and that the end was no orderly one.
FATAL_NOTE = Path("/run/supervisor/fatal")


def main() -> None:
    while True:
        headers, payload = childutils.listener.wait()
        state = childutils.get_headers(payload)
        # An exit that is expected (exitcodes) is one that starting again cannot mend: Supervisor leaves it at that.
        if headers["eventname"] == "PROCESS_STATE_FATAL" or state.get("expected") == "1":
            program = state["processname"]
            FATAL_NOTE.write_text(f"program {program} is FATAL: it could not be kept running")
            os.kill(os.getppid(), signal.SIGTERM)
        childutils.listener.ok()


if __name__ == "__main__":
    main()
