"""Runs one command: python3 -m scripts.stack COMMAND [ARGUMENT…]"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from . import images, instance, running, tools, up
from .base_image import ensure_base_image, hand_over_authorities
from .console import Problem, report
from .engine import ensure_engine
from .shell import (
    ROOT,
    bad_settings,
    load_settings,
    need_images,
    own_url,
    read_settings,
    replace_with,
    use_env_files,
)


def settings() -> None:
    """Print a line for each bad setting; exit with 1 when there is one."""
    wrong = bad_settings(read_settings())
    print("\n".join(wrong), end="\n" * bool(wrong))
    sys.exit(bool(wrong))


def bruno(*options: str) -> None:
    address = os.environ.get("BASE_URL") or own_url()
    instance.need_answer(address)
    tools.bruno(address, *options)


def base_image() -> None:
    """Get all ready that image builds need, and print the base image's name."""
    hand_over_authorities()
    print(ensure_base_image())


#: Commands, and whether they need the settings in their environment.
COMMANDS: dict[str, tuple[Callable[..., object], bool]] = {
    "base-image": (base_image, True),
    "browser": (tools.browser, False),
    "bruno": (bruno, True),
    "build": (images.build, True),
    "clean": (running.clean, False),
    "ctl": (running.control, False),
    "dev": (up.dev, True),
    "doctor": (up.doctor, False),
    "down": (running.down, False),
    "engine": (ensure_engine, False),
    "images": (need_images, True),
    "key": (running.make_key, True),
    "logs": (running.follow_logs, False),
    "page-linters": (tools.page_linters, False),
    "push": (images.push, True),
    "reload": (running.reload, False),
    "run": (replace_with, True),
    "settings": (settings, False),
    "smoke": (instance.smoke, False),
    "up": (up.up, False),
    "venv": (tools.venv, False),
}


def main(name: str, *arguments: str) -> None:
    os.chdir(ROOT)
    use_env_files()
    command, needs_settings = COMMANDS[name]
    try:
        if needs_settings:
            load_settings()
        command(*arguments)
    except Problem as problem:
        report(problem)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main(*sys.argv[1:])
