"""`series` over HTTP and at a terminal: the same codes everywhere, the next offset, and verification."""

from __future__ import annotations

import json
import random
import threading
from pathlib import Path
from string import ascii_uppercase, digits

import pytest

from cases.v1 import ask
from flaskrandom import create_app
from flaskrandom.config import Config
from flaskrandom.keys import BadKeyFile
from support.answers import check_problem

KEY = Path(__file__).parent / "series_key"
CODES = {"pattern": "?u?d", "series": "spring"}


def new_app(**settings):
    return create_app(Config(series_key_file=KEY, **settings))


@pytest.fixture(scope="module")
def client():
    return new_app().test_client()


def codes(client, **fields) -> list:
    answer = client.post("/api/v1/strings", json={**CODES, **fields})
    assert answer.status_code == 200, answer.json
    return answer.json["data"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_answer_gives_the_next_offset(client, method):
    first = ask(client, method, "strings", {**CODES, "count": 200}).json
    assert first["next_offset"] == 200
    rest = ask(client, method, "strings", {**CODES, "count": 60, "offset": first["next_offset"]}).json
    assert rest["next_offset"] == 260
    assert len(set(first["data"] + rest["data"])) == 260
    assert first["collision_probability"] == 0
    assert "next_offset" not in ask(client, method, "strings", {}).json


def test_three_processes_give_the_same_codes(client):
    others = [new_app().test_client() for _ in range(2)]
    assert codes(others[0], count=50) == codes(others[1], count=50) == codes(client, count=50)


def test_another_key_gives_other_codes(client, tmp_path):
    (tmp_path / "key").write_text("a1" * 32)
    other = create_app(Config(series_key_file=tmp_path / "key")).test_client()
    assert codes(other, count=50) != codes(client, count=50)


def test_calls_in_any_order_give_every_code_once(client):
    """A small version of the test in tests/faults: all 260 codes in 26 calls to three processes, in random order."""
    processes = [client, new_app().test_client(), new_app().test_client()]
    starts = list(range(0, 260, 10))
    random.shuffle(starts)
    seen = [code for start in starts for code in codes(random.choice(processes), count=10, offset=start)]
    assert sorted(seen) == [letter + digit for letter in ascii_uppercase for digit in digits]


@pytest.mark.parametrize("cut", [0, 1, 12_345, 79_999, 80_000])
def test_a_cut_stream_can_be_continued(client, cut):
    """The number of complete lines received is the offset of the rest."""
    asked = {"length": 7, "series": "spring", "count": 10_000}
    whole = client.post("/api/v1/strings/stream", json=asked)
    assert whole.content_length == len(whole.data) == 80_000
    got = whole.data[:cut]
    lines = got.count(b"\n")
    rest = b""
    if lines < 10_000:
        rest = client.post("/api/v1/strings/stream", json={**asked, "count": 10_000 - lines, "offset": lines}).data
    assert got[: 8 * lines] + rest == whole.data


@pytest.mark.parametrize("form", ["text", "ndjson", "csv"])
def test_streams_and_answers_hold_the_same_codes(client, form):
    asked = {**CODES, "group": 1, "count": 100, "offset": 30}
    said = client.post("/api/v1/strings/stream", json={**asked, "format": form}).data.decode().split()
    assert [line.strip('"') for line in said][form == "csv" :] == codes(client, **{**asked, "count": 100})


def test_threads_share_a_series(client):
    """The pool for streams also serves many streams at once from one app."""
    asked = {"length": 10, "series": "spring", "count": 3000}
    expected = client.post("/api/v1/strings/stream", json=asked).data
    seen: list[bytes] = []

    def stream() -> None:
        seen.extend(client.application.test_client().post("/api/v1/strings/stream", json=asked).data for _ in range(5))

    threads = [threading.Thread(target=stream) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [expected] * 40


def verify(client, **fields):
    answer = client.post("/api/v1/verify", json={**CODES, **fields})
    assert answer.status_code == 200, answer.json
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.json


def test_a_code_verifies_with_its_index(client):
    drawn = codes(client, count=260)
    assert verify(client, value=drawn[123]) == {"valid": True, "index": 123}
    for wrong in ("", "A", "AA", "a1", "A1 ", "A١", "A12", "🂡"):
        assert verify(client, value=wrong) == {"valid": False}
    assert verify(client, values=[drawn[3], "no", drawn[1]]) == {
        "data": [{"valid": True, "index": 3}, {"valid": False}, {"valid": True, "index": 1}],
        "count": 3,
    }
    assert [each.get("index") for each in verify(client, values=drawn)["data"]] == list(range(260))


def test_a_code_that_was_not_issued_is_invalid(client):
    drawn = codes(client, count=260)
    assert verify(client, value=drawn[123], issued=124) == {"valid": True, "index": 123}
    assert verify(client, value=drawn[123], issued=123) == {"valid": False}
    assert sum(each["valid"] for each in verify(client, values=drawn, issued=77)["data"]) == 77


def test_codes_of_another_series_have_other_indexes(client):
    """Every value of the set is a code of every series; only its index tells an issued code from a guess."""
    autumn = codes(client, series="autumn", count=100)
    assert sum(each["valid"] for each in verify(client, values=autumn, issued=26)["data"]) < 30


def test_integers_verify_with_their_index(client):
    asked = {"min": 10**20, "max": 10**20 + 999, "series": "lockers"}
    drawn = client.post("/api/v1/integers", json={**asked, "count": 1000}).json
    assert sorted(drawn["data"]) == list(range(10**20, 10**20 + 1000))
    answer = client.post("/api/v1/verify", json={**asked, "values": [*drawn["data"][:999], 7]}).json
    assert [each.get("index") for each in answer["data"]] == [*range(999), None]


def test_a_verification_takes_the_fields_of_the_draw(client):
    asked = {"length": 12, "exclude_similar": True, "min_digits": 2, "group": 4, "prefix": "V-", "checksum": None}
    asked |= {"series": "spring", "count": 20, "offset": 5}
    drawn = client.post("/api/v1/strings", json=asked).json["data"]
    answer = client.post("/api/v1/verify", json={**asked, "values": drawn}).json
    assert [each["index"] for each in answer["data"]] == list(range(5, 25))


def test_a_verification_ignores_count_and_offset(client):
    """They may have the values of a long stream."""
    assert verify(client, count=5000, offset=259, value=codes(client, count=8)[7]) == {"valid": True, "index": 7}


def test_an_estimate_gives_the_size_and_the_chance_of_a_guess(client):
    answer = client.post("/api/v1/strings/estimate", json={**CODES, "issued": 26, "count": 1000}).json
    assert (answer["possible"], [error["field"] for error in answer["errors"]]) == (False, ["offset", "count"])
    answer = client.post("/api/v1/strings/estimate", json={**CODES, "issued": 26, "count": 200}).json
    assert (answer["size"], answer["guess_probability"]) == (260, 0.1)
    huge = {"length": 100, "series": "spring", "issued": 1000}
    answer = client.post("/api/v1/strings/estimate", json=huge).json
    assert answer["size"] == 2**53 - 1
    assert answer["guess_probability"] == 1000 / 62**100
    assert "size" not in client.post("/api/v1/strings/estimate", json={}).json


@pytest.mark.parametrize(
    ("path", "asked", "status", "wrong"),
    [
        ("strings", {**CODES, "count": 4, "offset": 257}, 422, {"offset", "count"}),
        ("strings", {"length": 4096, "series": "a", "count": 1000}, 422, {"count"}),
        ("strings", {"offset": 1}, 400, {"offset"}),
        ("strings", {"series": ""}, 400, {"series"}),
        ("strings", {"series": "a" * 65}, 400, {"series"}),
        ("strings", {"series": "a\tb"}, 400, {"series"}),
        ("strings", {**CODES, "offset": -1}, 400, {"offset"}),
        ("strings", {**CODES, "offset": 2**53}, 400, {"offset"}),
        ("strings", {**CODES, "issued": 5}, 400, {"issued"}),
        ("tokens", {"series": "a"}, 400, {"series"}),
        ("strings/estimate", {"issued": 5}, 400, {"issued"}),
        ("strings/estimate", {**CODES, "issued": 261}, 422, {"issued"}),
        ("verify", {**CODES, "value": "A1", "issued": 261}, 422, {"issued"}),
        ("verify", CODES, 400, {"value", "values"}),
        ("verify", {**CODES, "value": "A1", "values": ["A1"]}, 400, {"value", "values"}),
        ("verify", {**CODES, "values": []}, 400, {"values"}),
        ("verify", {**CODES, "values": ["A1"] * 1001}, 400, {"values"}),
        ("verify", {**CODES, "values": ["A1", 1]}, 400, {"values"}),
        ("verify", {**CODES, "value": 1}, 400, {"value"}),
        ("verify", {"series": "a", "min": 1, "value": "A1"}, 400, {"value"}),
        ("verify", {"series": "a", "min": 1, "value": 1, "pattern": "?d"}, 400, {"pattern"}),
        ("verify", {**CODES, "value": "A1", "colour": "blue", "length": 3}, 400, {"colour", "length"}),
        ("verify", {"series": None, "value": "1", "checksum": "luhn"}, 400, {"series"}),
        ("verify", {"values": ["1"], "checksum": "luhn"}, 400, {"values"}),
        ("verify", {"value": "1", "issued": 3}, 400, {"issued"}),
    ],
)
def test_wrong_fields_are_named(client, path, asked, status, wrong):
    answer = client.post(f"/api/v1/{path}", json=asked)
    check_problem(answer, answer.json, status)
    assert {error["field"] for error in answer.json["errors"]} == wrong


def test_long_codes_that_no_list_can_hold_are_streamed(client):
    asked = {"length": 4096, "series": "a", "count": 1000}
    assert client.post("/api/v1/strings/estimate", json=asked).json["possible"] is True
    stream = client.post("/api/v1/strings/stream", json=asked)
    first = next(stream.response).decode().split()
    stream.close()
    assert first == client.post("/api/v1/strings", json={**asked, "count": len(first)}).json["data"]


def test_messages_say_what_is_expected(client):
    def said(**fields) -> str:
        return client.post("/api/v1/verify", json=fields).json["detail"]

    assert said(values=["1"], checksum="luhn").startswith("values: works only with series")
    assert said(**CODES, values=["A1", 1]) == "values: must be a list of 1 to 1000 strings"
    assert said(series="a", max=9, values=["1"]) == "values: must be a list of 1 to 1000 whole numbers"


@pytest.mark.parametrize("path", ["strings", "strings/stream", "strings/estimate", "verify"])
def test_without_a_key_the_problem_names_the_setting(path):
    asked = {**CODES, "value": "A1"} if path == "verify" else CODES
    answer = create_app(Config()).test_client().post(f"/api/v1/{path}", json=asked)
    check_problem(answer, answer.json, 422)
    assert answer.json["type"] == "/docs/problems/no-series-key"
    assert "SERIES_KEY_FILE" in answer.json["detail"]


def test_a_checksum_is_still_verified_without_a_series(client):
    card = {"value": "4111 1111 1111 1111", "checksum": "luhn"}
    assert client.post("/api/v1/verify", json=card).json == {"valid": True}


def test_a_bad_key_file_stops_the_app(tmp_path):
    bad = tmp_path / "key"
    with pytest.raises(BadKeyFile, match="No such file"):
        create_app(Config(series_key_file=bad))
    for text in ("", "a1" * 31, "a1" * 33, "xy" * 32, "a1" * 32 + "\n" + "a1" * 32):
        bad.write_text(text)
        with pytest.raises(BadKeyFile, match="must hold 64 hexadecimal digits") as refused:
            create_app(Config(series_key_file=bad))
        assert "a1a1" not in str(refused.value)


def test_the_terminal_gives_the_same_codes(client):
    run = new_app().test_cli_runner().invoke
    asked = ["strings", "--pattern", "?u?d", "--series", "spring", "--offset", "5", "--count", "3"]
    assert run(args=asked).output.split() == codes(client, offset=5, count=3)
    assert json.loads(run(args=[*asked, "--estimate"]).output)["size"] == 260
    refused = create_app(Config()).test_cli_runner().invoke(args=asked)
    assert refused.exit_code == 2
    assert "SERIES_KEY_FILE" in refused.output
