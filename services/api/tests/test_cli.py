"""`flask strings ...`: the core at a terminal."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from cases.v1 import KINDS
from flaskrandom import create_app
from flaskrandom.config import Config

DOCUMENT = create_app(Config()).test_client().get("/openapi.json").json


@pytest.fixture(scope="module")
def run():
    runner = create_app(Config(max_stream_count=2000)).test_cli_runner()
    return lambda *arguments: runner.invoke(args=list(arguments))


@pytest.mark.parametrize(
    ("command", "pattern"),
    [
        ("strings", r"[0-9A-Za-z]{16}\n"),
        ("strings --length 20 --count 5 --min-digits 2", r"((?=([^0-9\n]*[0-9]){2})[0-9A-Za-z]{20}\n){5}"),
        ("strings --no-lower --no-upper --length 4", r"[0-9]{4}\n"),
        ("strings --special --no-digits --no-lower --no-upper", r"[!@#$]{16}\n"),
        ("strings --alphabet αβγ --length 3", r"[αβγ]{3}\n"),
        ("strings --exclude-similar --pattern ?d?d-?l?l", r"[2-9]{2}-[a-km-np-z]{2}\n"),
        ("strings --checksum luhn --no-lower --no-upper --group 4 --separator .", r"([0-9]{4}\.){4}[0-9]\n"),
        ("strings --regex a{2,}b? --max-length 4", r"(aaaa|aaa?b?)\n"),
        ("strings --regex [A-C]{3}-\\d{4} --count 3", r"([A-C]{3}-[0-9]{4}\n){3}"),
        ("strings --rules allowed:digit;minlength:4;maxlength:4", r"[0-9]{4}\n"),
        ("strings --bits 128 --exclude-similar", r"[2-9A-HJ-NP-Za-kmnp-z]{23}\n"),
        ("strings --length 4 --last digits --exclude-words 12,ass", r"(?!.*(12|ass))[0-9A-Za-z]{3}[0-9]\n"),
        ("strings --length 4 --exclude-profanity", r"[0-9A-Za-z]{4}\n"),
        ("tokens --bits 20", r"[0-9a-f]{6}\n"),
        ("passphrases --bits 25 --separator _", r"[a-z-]+_[a-z-]+\n"),
        ("tokens --bytes 4 --encoding base64url --prefix key_", r"key_[0-9A-Za-z_-]{6}\n"),
        ("uuids --count 2", r"([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\n){2}"),
        ("uuids --version 7", r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\n"),
        ("integers --min -6 --max -1 --count 3", r"(-[1-6]\n){3}"),
        ("passphrases --language zh --words 4 --separator=", r"[\u4e00-\u9fff]{4}\n"),
        ("passphrases --language en-short --words 2 --number", r"(?=\D*\d\D*\n)[a-z-]{3,5}\d?-[a-z-]{3,5}\d?\n"),
        ("passphrases --words 2 --separator _ --capitalize", r"[A-Z][a-z-]+_[A-Z][a-z-]+\n"),
    ],
)
def test_values_are_printed_one_per_line(run, command, pattern):
    done = run(*command.split())
    assert done.exit_code == 0, done.output
    assert done.stderr == ""
    assert re.fullmatch(pattern, done.stdout)


def test_the_version_is_printed(run):
    done = run("version")
    assert (done.exit_code, done.stdout) == (0, f"flaskrandom {DOCUMENT['info']['version']}\n")


def test_more_values_than_one_answer_holds_can_be_printed(run):
    assert run("strings", "--count", "2000").stdout.count("\n") == 2000


def test_values_are_printed_in_each_format(run):
    lines = run("strings", "--count", "3", "--alphabet", '",', "--format", "ndjson").stdout.splitlines()
    assert all(set(json.loads(line)) <= set('",') for line in lines)
    rows = run("strings", "--count", "3", "--alphabet", '",', "--format", "csv").stdout
    header, *values = csv.reader(io.StringIO(rows, newline=""))
    assert header == ["value"]
    assert len(values) == 3
    workbook = io.BytesIO(run("strings", "--count", "3", "--format", "xlsx").stdout_bytes)
    assert len(list(openpyxl.load_workbook(workbook).active.rows)) == 4


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_has_an_option(run, kind):
    shown = run(kind, "--help").stdout
    options = set(re.findall(r"(?<![\w-])--(?!no-)[a-z-]+", shown))
    parameters = DOCUMENT["paths"][f"/api/v1/{kind}/stream"]["get"]["parameters"]
    fields = {"--" + parameter["name"].replace("_", "-") for parameter in parameters}
    assert fields <= options
    # There is no option that the API does not have.
    assert options - fields <= {"--estimate", "--help"}
    said = " ".join(shown.split())
    assert all(parameter["description"].split(",")[0].split(".")[0] in said for parameter in parameters)


@pytest.mark.parametrize("kind", KINDS)
def test_help_is_grouped_and_its_examples_run(run, kind):
    shown = run(kind, "--help").stdout
    titles = re.findall(r"^([A-Z].*):$", shown, re.M)
    assert titles[0] == "Values"
    assert titles[-2:] == ["Output", "Examples"]
    examples = re.findall(rf"^  flask ({kind}.*)$", shown, re.M)
    assert len(examples) >= 2
    for example in examples:
        done = run(*shlex.split(example))
        assert done.exit_code == 0, done.output
    assert "Exit codes: 0 done" in shown


API = Path(__file__).parents[1]
#: As in `make dev`: the settings checker is outside the app's folder.
ENVIRON = {**os.environ, "PYTHONPATH": str(API.parent / "settings")}


def at_a_terminal(tmp_path, *arguments):
    """Runs `flask` with a terminal for standard error and a file for standard output; returns both."""
    master, slave = os.openpty()
    path = tmp_path / "values"
    with path.open("wb") as file:
        command = [sys.executable, "-m", "flask", *arguments]
        done = subprocess.run(command, cwd=API, env=ENVIRON, stdout=file, stderr=slave, timeout=60)
    os.close(slave)
    assert done.returncode == 0
    said = b""
    try:
        while piece := os.read(master, 4096):
            said += piece
    except OSError:  # Linux reports an error once the last writer has closed
        pass
    os.close(master)
    return said.decode(), path.read_bytes()


def test_a_large_file_has_a_progress_bar(tmp_path):
    said, values = at_a_terminal(tmp_path, "strings", "--count", "100000")
    assert "strings" in said
    assert "100%" in said
    assert values.count(b"\n") == 100_000
    said, values = at_a_terminal(tmp_path, "strings", "--count", "99999")
    assert said == ""
    assert values.count(b"\n") == 99_999


def test_the_shell_completes_choices():
    """This is Flask's own completion: `eval "$(_FLASK_COMPLETE=bash_source flask)"`."""
    words = {"_FLASK_COMPLETE": "bash_complete", "COMP_WORDS": "flask passphrases --language z", "COMP_CWORD": "3"}
    script = "import sys; sys.argv = ['flask']; from flask.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=API,
        env=ENVIRON | words,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["plain,zh", "plain,zh-Hant"]


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("strings --length 0", ["--length"]),
        ("strings --length 0 --count 0 --max-repeat 0", ["--length", "--count", "--max-repeat"]),
        ("strings --length 4097", ["--length", "4096"]),
        ("strings --count 2001", ["--count", "2000"]),
        ("strings --length 2 --min-digits 3", ["--min-digits"]),
        ("strings --pattern ?x", ["--pattern"]),
        ("strings --length 4096 --max-repeat 2", ["--max-repeat"]),
        ("strings --length many", ["--length"]),
        ("strings --colour blue", ["--colour"]),
        ("strings surplus", ["surplus"]),
        ("integers --min 2 --max 1", ["--min"]),
        ("tokens --encoding base58", ["--encoding"]),
        ("tokens --bits 64 --bytes 32", ["--bytes"]),
        ("passphrases --bits 64 --words 6", ["--words"]),
        ("uuids --version 5", ["--version"]),
        ("passphrases --language es --separator=", ["--separator"]),
        ("uuids --format xml", ["--format"]),
        ("strings --length 2 --min-digits 3 --estimate", ["--min-digits"]),
    ],
)
def test_errors_go_to_standard_error(run, command, named):
    done = run(*command.split())
    assert done.exit_code == 2
    assert done.stdout == ""
    assert all(name in done.stderr for name in named)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_estimate_draws_nothing(run, kind, monkeypatch):
    def refuse(*_):
        raise AssertionError("drawn for an estimate")

    monkeypatch.setattr("flaskrandom.core.rng.random_bytes", refuse)
    done = run(kind, "--estimate", "--count", "10")
    assert done.exit_code == 0
    assert set(json.loads(done.stdout)) == {"entropy_bits", "collision_probability"}


def test_a_closed_pipe_is_no_error():
    """`flask strings --count 10000000 | head -1`."""
    command = [sys.executable, "-m", "flask", "strings", "--count", "10000000"]
    with subprocess.Popen(
        command, cwd=API, env=ENVIRON, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as flask:
        assert re.fullmatch(r"[0-9A-Za-z]{16}\n", flask.stdout.readline())
        flask.stdout.close()
        assert flask.stderr.read() == ""
        assert flask.wait(10) in (0, 1)
