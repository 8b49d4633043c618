"""Runs one command: python3 -m scripts.stack COMMAND [ARGUMENT…]"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable

from . import images, running, tools, up
from .base_image import ensure_base_image
from .console import finish
from .engine import ensure_engine
from .shell import ROOT, load_settings, need_images, output, read_settings, replace_with, use_env_files

#: The commands, each with whether it needs the settings in its environment.
COMMANDS: dict[str, tuple[Callable[..., object], bool]] = {
    "base-image": (lambda: print(ensure_base_image()), True),
    "build": (images.build, True),
    "clean": (running.clean, False),
    "ctl": (running.control, False),
    "dev": (up.dev, True),
    "doctor": (up.doctor, False),
    "down": (running.down, False),
    "engine": (ensure_engine, False),
    "images": (need_images, True),
    "key": (lambda name="": running.make_key(name, read_settings().get("API_KEYS_FILE", "")), False),
    "logs": (running.follow_logs, False),
    "packages": (tools.packages, False),
    "push": (images.push, True),
    "reload": (running.reload, False),
    "run": (replace_with, True),
    "up": (up.up, False),
    "venv": (tools.venv, False),
}

#: Commands that deploy/podman runs if Docker is Podman, or only Podman is installed.
IN_A_POD = ("ctl", "down", "key", "logs", "up")


def main(name: str, *arguments: str) -> None:
    os.chdir(ROOT)
    use_env_files()
    if name in IN_A_POD and (output("docker", "--version") or shutil.which("podman") or "").find("podman") >= 0:
        replace_with(sys.executable, "-m", "deploy.podman", name, *arguments)
    command, needs_settings = COMMANDS[name]
    if needs_settings:
        finish(load_settings)
    finish(command, *arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
