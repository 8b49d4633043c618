"""The series key: made once, readable only by the api, never shown."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flaskrandom import keys
from flaskrandom.server import supervise

PROGRAM = Path(keys.__file__)


def run(*arguments: str | Path, umask: int = 0o022) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, PROGRAM, *arguments], capture_output=True, text=True, umask=umask)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "secrets").mkdir(mode=0o700)
    return tmp_path / "secrets" / "series_key"


@pytest.mark.parametrize("umask", [0o022, 0o077, 0])
def test_a_new_key_can_be_read_only_by_the_api(path, umask):
    done = run("new-series", path, umask=umask)
    assert done.returncode == 0, done.stderr
    key = keys.read_series_key(path)
    assert len(key) == 32
    assert key.hex() not in done.stdout + done.stderr
    assert run("check-series", path).returncode == 0
    # The api's user may enter the folder and is the only one who may read the file.
    assert path.parent.stat().st_mode & 0o777 == 0o755
    if os.geteuid() == 0:
        assert (path.stat().st_uid, path.stat().st_mode & 0o777) == (10001, 0o600)


def test_the_parent_folder_is_closed_if_another_user_makes_the_key(path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    path.parent.parent.chmod(0o755)
    keys.write_series_key(path)
    assert path.stat().st_mode & 0o777 == 0o644
    assert path.parent.parent.stat().st_mode & 0o777 == 0o750


def test_a_key_is_never_overwritten(path):
    run("new-series", path)
    before = path.read_bytes()
    done = run("new-series", path)
    assert (done.returncode, path.read_bytes()) == (1, before)
    assert "already exists" in done.stderr


def test_two_keys_differ(path):
    keys.write_series_key(path)
    keys.write_series_key(path.with_name("other"))
    assert keys.read_series_key(path) != keys.read_series_key(path.with_name("other"))


def test_a_key_from_openssl_is_accepted(path):
    path.write_text("00FF" * 16 + "\n")
    assert keys.read_series_key(path) == bytes.fromhex("00ff" * 16)


@pytest.mark.parametrize(("text", "said"), [(None, "No such file"), ("a1b2" * 15, "must hold 64 hexadecimal digits")])
def test_a_bad_file_is_named_and_not_shown(path, text, said):
    if text is not None:
        path.write_text(text)
    done = run("check-series", path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{path}: {said}")
    assert "a1b2" not in done.stderr


def test_a_missing_key_file_stops_the_start_with_one_line(path, monkeypatch):
    monkeypatch.setenv("SERIES_KEY_FILE", "secrets/series_key")
    monkeypatch.chdir(path.parent.parent)
    with pytest.raises(SystemExit, match=r"^SERIES_KEY_FILE=secrets/series_key: No such file or directory$"):
        supervise.main()


def test_a_key_is_deleted_if_its_permissions_cannot_be_set(path, monkeypatch):
    def refuse(*_: object) -> None:
        raise PermissionError("not yours")

    monkeypatch.setattr(Path, "chmod", refuse)
    with pytest.raises(PermissionError):
        keys.write_series_key(path)
    assert not path.exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux")
def test_a_full_disk_leaves_no_file(path, monkeypatch):
    opened = os.open

    def full(file: Path, flags: int, mode: int) -> int:
        os.close(opened(file, flags, mode))
        return opened("/dev/full", os.O_WRONLY)

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(OSError, match="No space left on device"):
        keys.write_series_key(path)
    assert not path.exists()


@pytest.mark.parametrize(
    "arguments", [(), ("new-series",), ("remove", "x"), ("new-series", "a", "b"), ("new", "a", "b", "c")]
)
def test_wrong_arguments_print_the_usage(arguments):
    assert "usage" in run(*arguments).stderr
