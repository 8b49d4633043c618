"""The API key file as `make key` writes it."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripts.stack.running import _add_line


def test_a_line_is_added_and_no_other_file_is_left(tmp_path):
    file = tmp_path / "api_keys"
    _add_line(file, "ci sha256:1")
    file.write_text(file.read_text().rstrip())
    _add_line(file, "phone sha256:2")
    assert file.read_text() == "ci sha256:1\nphone sha256:2\n"
    assert [*tmp_path.iterdir()] == [file]


def test_a_failed_write_leaves_the_key_file_unchanged(tmp_path, monkeypatch):
    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    file = tmp_path / "api_keys"
    file.write_text("ci sha256:1\n")
    monkeypatch.setattr(Path, "replace", no_room)
    with pytest.raises(OSError, match="No space left"):
        _add_line(file, "phone sha256:2")
    assert file.read_text() == "ci sha256:1\n"
    assert [*tmp_path.iterdir()] == [file]
