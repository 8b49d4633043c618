"""API keys: their format, the file of their hashes, and that a change of the file takes effect."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import subprocess
import sys
import time

import pytest

from flaskrandom import keys
from flaskrandom.keys import BadKeyFile, KeyRing, line_for, new_key
from support.key_file import is_key


@pytest.fixture
def file(tmp_path):
    return tmp_path / "api_keys"


@pytest.fixture(autouse=True)
def read_each_time(monkeypatch):
    """Read the file for every request; TestLooking uses the real interval."""
    monkeypatch.setattr(keys, "LOOK_AGAIN", 0)


def test_a_key_has_a_format_that_scanners_recognise():
    made = {new_key() for _ in range(200)}
    assert len(made) == 200
    assert all(is_key(key) for key in made)
    # Every symbol occurs among the 8,000 drawn symbols of 200 keys.
    assert {symbol for key in made for symbol in key.removeprefix("frk_")[: keys.DRAWN]} == set(keys.BASE62)


def test_a_wrong_character_fails_the_check():
    key = new_key()
    for place in range(4, len(key)):
        other = "A" if key[place] != "A" else "B"
        assert not is_key(key[:place] + other + key[place + 1 :])
    assert not is_key("")
    assert not is_key(key + "0")


def test_the_line_holds_a_plain_sha256_hash():
    key = new_key()
    said = subprocess.run(["sha256sum"], input=key.encode(), capture_output=True, check=True).stdout.split()[0]
    assert line_for("ci", key) == f"ci sha256:{said.decode()}"
    assert key not in line_for("ci", key)


@pytest.mark.parametrize("name", ["", "two words", "line\nbreak", "a" * 65, "käse", "a#b"])
def test_bad_names_are_refused(name):
    with pytest.raises(ValueError, match="cannot name a key"):
        line_for(name, new_key())


def test_a_key_file_is_read(file):
    one, other = new_key(), new_key()
    file.write_text(f"# comment\n\n{line_for('one', one)}\r\n  {line_for('other', other)}  ")
    assert keys.read(file) == [
        ("one", hashlib.sha256(one.encode()).digest()),
        ("other", hashlib.sha256(other.encode()).digest()),
    ]


BAD_LINES = {
    "a key": new_key(),
    "no hash": "ci",
    "an empty hash": "ci sha256:",
    "a short hash": "ci sha256:" + "0" * 63,
    "not hexadecimal": "ci sha256:" + "G" * 64,
    "another algorithm": "ci md5:" + "0" * 64,
}


@pytest.mark.parametrize("line", BAD_LINES.values(), ids=BAD_LINES)
def test_a_bad_line_is_reported_only_by_its_number(file, line):
    file.write_text(f"# comment\n{line}\n{line_for('good', new_key())}\n")
    with pytest.raises(BadKeyFile) as refused:
        keys.read(file)
    assert "line 2:" in str(refused.value)
    assert not re.search(r"frk_|[0-9G]{60}|md5", str(refused.value))


def test_a_missing_file_is_an_error(file):
    with pytest.raises(BadKeyFile, match="No such file"):
        keys.read(file)


class TestKeyRing:
    def test_every_key_has_its_name(self, file):
        one, other = new_key(), new_key()
        file.write_text(f"{line_for('one', one)}\n{line_for('other', other)}\n")
        ring = KeyRing(file)
        assert ring.name_of(one) == "one"
        assert ring.name_of(other) == "other"

    def test_only_the_exact_key_is_accepted(self, file):
        key = new_key()
        file.write_text(line_for("one", key))
        ring = KeyRing(file)
        near = [key[:-1], key + "0", key[:20], "", key.swapcase(), key + "\n", " " + key, "frk_", "\udcff" + key]
        # Someone may have read the hash in the file.
        near += [line_for("one", key).partition(":")[2], line_for("one", key), "one"]
        # Only the last or the first character is wrong.
        near += [key[:-1] + ("0" if key[-1] != "0" else "1"), ("g" if key[0] != "g" else "h") + key[1:]]
        assert [text for text in near if ring.name_of(text)] == []
        assert ring.name_of(key) == "one"

    @pytest.mark.parametrize("place", range(32))
    def test_every_byte_of_the_hash_counts(self, file, place):
        key = new_key()
        stored = bytearray(hashlib.sha256(key.encode()).digest())
        stored[place] ^= 1
        file.write_text(f"ci sha256:{stored.hex()}")
        assert KeyRing(file).name_of(key) is None

    def test_every_stored_hash_is_compared_in_constant_time(self, file, monkeypatch):
        made = [new_key() for _ in range(5)]
        file.write_text("\n".join(line_for(f"n{number}", key) for number, key in enumerate(made)))
        ring = KeyRing(file)
        asked = []
        genuine = keys.secrets.compare_digest
        monkeypatch.setattr(keys.secrets, "compare_digest", lambda *pair: asked.append(pair) or genuine(*pair))
        for key in [made[0], made[-1], new_key()]:
            asked.clear()
            ring.name_of(key)
            assert len(asked) == 5
            assert all(len(left) == len(right) == 32 for left, right in asked)

    @pytest.mark.parametrize("how", ["moved in its place", "written over", "of the same size and time"])
    def test_a_change_takes_effect_at_the_next_look(self, file, how):
        old, new = new_key(), new_key()
        file.write_text(line_for("ci", old))
        ring = KeyRing(file)
        assert ring.name_of(old) == "ci"
        was = file.stat()
        if how == "moved in its place":
            fresh = file.with_name("fresh")
            fresh.write_text(line_for("ci", new))
            fresh.replace(file)
        else:
            file.write_text(line_for("ci", new))
            if how.startswith("of the same"):
                os.utime(file, ns=(was.st_atime_ns, was.st_mtime_ns))
        assert ring.name_of(new) == "ci"
        assert ring.name_of(old) is None

    def test_a_bad_line_is_ignored_and_good_lines_still_work(self, file, caplog):
        key, pasted = new_key(), new_key()
        file.write_text(f"{pasted}\n{line_for('ci', key)}")
        ring = KeyRing(file)
        with caplog.at_level(logging.ERROR):
            assert [ring.name_of(key), ring.name_of(key), ring.name_of(pasted)] == ["ci", "ci", None]
        (record,) = caplog.records  # logged once, not for each request
        assert "line 1:" in record.getMessage()
        assert pasted not in caplog.text

    def test_a_missing_file_refuses_every_key_until_it_is_back(self, file, caplog):
        key = new_key()
        file.write_text(line_for("ci", key))
        ring = KeyRing(file)
        assert ring.name_of(key) == "ci"
        file.unlink()
        assert [ring.name_of(key), ring.name_of(key)] == [None, None]
        assert len(caplog.records) == 1
        file.write_text(line_for("ci", key))
        assert ring.name_of(key) == "ci"

    def test_an_empty_file_refuses_every_key(self, file):
        file.write_text("")
        assert KeyRing(file).name_of("") is None


class TestLooking:
    """With the real interval between looks at the file."""

    @pytest.fixture(autouse=True)
    def read_each_time(self):
        """Turn off the module's fixture."""

    @pytest.mark.parametrize("how", ["rotated", "removed"])
    def test_a_change_takes_effect_within_the_interval(self, file, how):
        old, new = new_key(), new_key()
        file.write_text(line_for("ci", old))
        ring = KeyRing(file)
        assert ring.name_of(old) == "ci"
        file.write_text(line_for("ci", new)) if how == "rotated" else file.unlink()
        changed = time.monotonic()
        while ring.name_of(old) is not None:
            assert time.monotonic() < changed + keys.LOOK_AGAIN + 1
        assert ring.name_of(new) == ("ci" if how == "rotated" else None)
        assert keys.LOOK_AGAIN <= 1

    def test_the_file_is_not_read_between_looks(self, file, monkeypatch):
        monkeypatch.setattr(keys, "LOOK_AGAIN", 60)
        key = new_key()
        file.write_text(line_for("ci", key))
        ring = KeyRing(file)
        assert ring.name_of(key) == "ci"
        file.unlink()
        assert [ring.name_of(key), ring.name_of(new_key())] == ["ci", None]


class TestAsAProgram:
    """`make key` and `make doctor` run the module on any host that has Python."""

    def run(self, *arguments):
        return subprocess.run(
            [sys.executable, "-S", "-I", keys.__file__, *arguments], capture_output=True, text=True, check=False
        )

    def test_the_program_makes_a_key(self, file):
        key, line = self.run("new", "ci").stdout.splitlines()
        assert is_key(key)
        assert line == line_for("ci", key)

    def test_the_program_checks_a_key_file(self, file):
        file.write_text(line_for("ci", new_key()))
        assert self.run("check", str(file)).returncode == 0
        file.write_text("nonsense")
        done = self.run("check", str(file))
        assert done.returncode == 1
        assert done.stderr.startswith(f"{file}: line 1: must be NAME sha256:HEX")

    @pytest.mark.parametrize("arguments", [(), ("new",), ("new", "two words"), ("old", "x")])
    def test_wrong_arguments_fail(self, arguments):
        assert self.run(*arguments).returncode == 1
