"""The scripts read .env as Compose does; Compose itself says what that is."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from support.stack import ROOT, must

pytestmark = pytest.mark.local

LINES = [
    "KNOB=plain",
    "KNOB=",
    "KNOB=two words",
    "KNOB=trailing   ",
    "KNOB=  leading",
    "KNOB=value # comment",
    "KNOB=value#nocomment",
    'KNOB="quoted # inside"',
    "KNOB='single # inside'",
    'KNOB="quoted" # comment',
    "export KNOB=exported",
    "  KNOB=indented",
    "KNOB = spaced",
    "# KNOB=commented",
    "KNOB=first\nKNOB=second",
    "KNOB=a=b",
    "KNOB=windows\r",
    "KNOB='$HOME'",
]


def as_compose_reads(file: Path, environ: dict[str, str]) -> str:
    project = file.with_name("compose.yaml")
    project.write_text("services: {probe: {image: probe, environment: {KNOB: '[${KNOB-unset}]'}}}\n")
    said = subprocess.run(
        [
            "docker",
            "compose",
            "--project-name",
            "probe",
            "--file",
            str(project),
            "--env-file",
            str(file),
            "config",
            "--format",
            "json",
        ],
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    # Compose doubles dollars in what it prints, so that it could be read again.
    return json.loads(said)["services"]["probe"]["environment"]["KNOB"].replace("$$", "$")


def as_the_scripts_read(file: Path, environ: dict[str, str]) -> str:
    script = '. scripts/lib/env.sh; load_env "$1"; printf "[%s]" "${KNOB-unset}"'
    return subprocess.run(
        ["bash", "-c", script, "-", str(file)], cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


@pytest.mark.parametrize(
    "shell", [None, "", "from the shell"], ids=["not in the shell", "empty in the shell", "in the shell"]
)
@pytest.mark.parametrize("line", LINES, ids=[line.replace("\n", "; ").strip() for line in LINES])
def test_a_line(tmp_path, line, shell):
    file = tmp_path / ".env"
    file.write_bytes(f"{line}\n".encode())
    environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    if shell is not None:
        environ["KNOB"] = shell
    assert as_the_scripts_read(file, environ) == as_compose_reads(file, environ)


def test_the_port_in_use_is_the_one_that_the_scripts_read(stack):
    script = '. scripts/lib/env.sh; load_env .env; printf %s "${HTTP_PORT:-80}"'
    assert must("bash", "-c", script) == str(stack.port)
