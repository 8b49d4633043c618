"""Plain draws: the layer in front of Flask and the Flask views answer alike."""

from __future__ import annotations

import gzip
import json
import re
from http import HTTPStatus
from io import BytesIO

import pytest

from flaskrandom import create_app
from flaskrandom.config import Config
from flaskrandom.http import metrics
from flaskrandom.http.decode import MAX_BODY
from support.answers import check_problem

ASKED = {"intlen": 9, "intnum": 2, "withnum": True}
JSON = "application/json"
DRAWN = [
    ("GET", "/api/v1/strings?length=9&count=2", b""),
    ("GET", "/api/v1/strings?alphabet=%C3%A4%C3%B6&prefix=a+b", b""),
    ("POST", "/api/v1/tokens", b'{"bytes":9}'),
    ("POST", "/api/v1/uuids", b'{"version":7}'),
    ("GET", "/api/v1/integers?min=-5&count=3&unique=true", b""),
    ("POST", "/api/v1/passphrases", b"{}"),
    ("POST", "/getrandomstr", json.dumps(ASKED).encode()),
]
REFUSED = [
    ("GET", "/api/v1/strings?length=x", b""),
    ("GET", "/api/v1/strings?length=1&length=2", b""),
    ("GET", "/api/v1/strings?length=3&min_digits=4", b""),
    ("POST", "/api/v1/strings?length=3", b"{}"),
    ("POST", "/api/v1/tokens", b"{"),
    ("POST", "/api/v1/tokens", b"{}" + b" " * MAX_BODY),
    ("POST", "/getrandomstr", b"{}"),
    ("POST", "/getrandomstr", json.dumps(ASKED | {"intlen": 31}).encode()),
    ("DELETE", "/api/v1/strings", b""),
    ("GET", "/getrandomstr", b""),
]


@pytest.fixture
def views():
    """A client of the Flask views alone, without the layer for direct draws."""
    app = create_app(Config())
    seen = []
    app.before_request(lambda: seen.append(1))
    views = type(app).wsgi_app.__get__(app)
    app.wsgi_app = lambda environ, start: views(environ, start)
    client = app.test_client()
    client.seen = seen
    return client


def ask(client, method, path, body):
    answer = client.open(path, method=method, data=body, content_type=JSON if body else None)
    headers = {name: value for name, value in answer.headers if name not in ("Content-Length", "X-Request-Id")}
    return answer, headers


@pytest.mark.parametrize(("method", "path", "body"), DRAWN)
def test_views_and_layer_give_the_same_answers(app, client, views, method, path, body):
    seen = []
    app.before_request(lambda: seen.append(1))
    direct, direct_headers = ask(client, method, path, body)
    flask, flask_headers = ask(views, method, path, body)
    assert (len(seen), len(views.seen)) == (0, 1), "the layer must answer without Flask's request handling"
    assert direct.status == flask.status == "200 OK"
    assert direct_headers == flask_headers
    assert direct.json.keys() == flask.json.keys()
    assert len(direct.json["data"]) == len(flask.json["data"])
    assert direct.json["data"] != ask(client, method, path, body)[0].json["data"], "each call must draw new values"


@pytest.mark.parametrize(("method", "path", "body"), REFUSED)
def test_views_and_layer_give_the_same_refusals(client, views, method, path, body):
    direct, direct_headers = ask(client, method, path, body)
    flask, flask_headers = ask(views, method, path, body)
    assert direct.status == flask.status
    assert direct_headers == flask_headers
    assert direct.json | {"request_id": ""} == flask.json | {"request_id": ""}


STREAMS = ["strings/stream", "passphrases/stream", "integers/stream"]


def drawn_values():
    return [sample.value for family in metrics.DRAWN_VALUES.collect() for sample in family.samples]


@pytest.mark.parametrize("path", ["strings", "tokens", "uuids", "integers", "passphrases", *STREAMS])
def test_head_draws_and_counts_nothing(client, monkeypatch, path):
    def refuse(*_):
        raise AssertionError("drawn for a HEAD")

    monkeypatch.setattr("flaskrandom.core.rng.random_bytes", refuse)
    before = drawn_values()
    answer = client.head(f"/api/v1/{path}?count=1000")
    assert answer.status_code == 200
    assert ("Content-Length" in answer.headers) == (path == "strings/stream"), "the length is sent only if it is known"
    assert drawn_values() == before


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [DRAWN[0], DRAWN[2], DRAWN[-1]],
)
def test_a_failed_draw_gets_500_and_is_not_repeated(client, monkeypatch, caplog, method, path, body):
    tries = []

    def fails_once(count):
        tries.append(count)
        if len(tries) == 1:
            raise OSError("no randomness")
        return bytes(count)

    monkeypatch.setattr("os.urandom", fails_once)
    answer, _ = ask(client, method, path, body)
    check_problem(answer, answer.json, 500)
    assert len(tries) == 1
    assert "no randomness" in caplog.text


@pytest.mark.parametrize("path", ["/api/v1/strings", "/api/v1/strings/estimate", "/api/v1/strings/stream"])
def test_a_compressed_body_gets_415(client, path):
    answer = client.post(path, data=gzip.compress(b"{}"), content_type=JSON, headers={"Content-Encoding": "gzip"})
    check_problem(answer, answer.json, 415)
    assert answer.json["title"] == "Unsupported Media Type"
    assert "Content-Encoding" in answer.json["detail"]
    identity = client.post(path, data=b"{}", content_type=JSON, headers={"Content-Encoding": "identity"})
    assert identity.status_code == 200


def test_a_compressed_body_on_the_article_s_route_gets_400(client):
    body = gzip.compress(json.dumps(ASKED).encode())
    answer = client.post("/getrandomstr", data=body, content_type=JSON, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 400
    assert "Content-Encoding" in answer.json["error"]


@pytest.mark.parametrize("path", ["/api/v1/strings", "/api/v1/tokens/estimate", "/api/v1/integers/stream"])
def test_a_body_over_64_kib_gets_413(client, path):
    fits = client.post(path, data=b"{}" + b" " * (MAX_BODY - 2), content_type=JSON)
    assert fits.status_code == 200
    answer = client.post(path, data=b"{}" + b" " * (MAX_BODY - 1), content_type=JSON)
    check_problem(answer, answer.json, 413)
    # Before 3.13, Python's phrase is "Request Entity Too Large".
    assert answer.json["title"] == HTTPStatus(413).phrase


def test_a_body_of_unknown_length_is_read(client):
    """A proxy may forward a chunked body; the size limit applies to it too."""

    def ask(body):
        return client.post(
            "/api/v1/strings",
            input_stream=BytesIO(body),
            content_type=JSON,
            environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
        )

    assert len(ask(b'{"length":5}').json["data"][0]) == 5
    assert ask(b'{"prefix":"' + b"a" * MAX_BODY + b'"}').status_code == 413


def test_a_body_that_ends_early_is_refused(client):
    answer = client.post(
        "/api/v1/strings", input_stream=BytesIO(b"{}"), content_type=JSON, environ_overrides={"CONTENT_LENGTH": "5"}
    )
    check_problem(answer, answer.json, 400)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize(("path", "fields"), [("/getrandomstr", ASKED), ("/api/v1/strings", {"length": 9, "count": 2})])
def test_json_is_accepted_in_every_encoding_of_json_loads(client, encoding, path, fields):
    """The article's code accepts these encodings: Flask's get_json uses json.loads."""
    answer = client.post(path, data=json.dumps(fields).encode(encoding), content_type=JSON)
    assert answer.status_code == 200
    assert [len(value) for value in answer.json["data"]] == [9, 9]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ('{"length":4,"length":8}', ["length"]),
        ('{"length":"x","length":5}', ["length"]),
        ('{"length":4,"count":1,"length" : 4,"count":1}', ["length", "count"]),
        ('{"prefix":"a:b","suffix":":","prefix":""}', ["prefix"]),
        ('{"colour":1,"colour":1}', ["colour"]),
        (r'{"length":4,"l\u0065ngth":4}', ["length"]),
    ],
)
def test_a_name_given_twice_in_json_is_refused(client, body, named):
    answer = client.post("/api/v1/strings", data=body, content_type=JSON)
    check_problem(answer, answer.json, 400)
    assert [(error["field"], error["message"]) for error in answer.json["errors"]] == [
        (name, "is given more than once") for name in named
    ]
    assert named[0] in answer.json["detail"]


def test_colons_in_values_are_not_mistaken_for_names(client):
    answer = client.post("/api/v1/strings", json={"prefix": "a:b::", "suffix": "::"})
    assert answer.json["data"][0].startswith("a:b::")


@pytest.mark.parametrize(
    ("path", "fields", "pattern"),
    [
        ("strings", {"length": 7}, "[0-9A-Za-z]{7}"),
        ("strings", {"alphabet": "x", "length": 3}, "x{3}"),
        ("strings", {"alphabet": "äöü€", "length": 7}, "[äöü€]{7}"),
        ("strings", {"alphabet": 'a"\\', "length": 7}, r'[a"\\]{7}'),
        ("strings", {"length": 7, "prefix": '",', "suffix": "\\"}, r'",[0-9A-Za-z]{7}\\'),
        ("strings", {"pattern": "?d-?l,ü", "prefix": "π"}, "π[0-9]-[a-z],ü"),
        ("strings", {"length": 7, "count": 1000, "unique": True}, "[0-9A-Za-z]{7}"),
        ("strings", {"alphabet": "".join(map(chr, range(0x4E00, 0x4F40))), "length": 2}, "[一-伿]{2}"),
        ("tokens", {"bytes": 5, "encoding": "base64"}, "[0-9A-Za-z+/]{7}="),
        ("uuids", {"version": 7}, "[0-9a-f-]{36}"),
        ("integers", {"min": -5, "max": 10**30}, "-?[0-9]{1,31}"),
        ("passphrases", {"words": 2, "separator": " "}, "[a-z-]+ [a-z-]+"),
    ],
)
@pytest.mark.parametrize("count", [255, 256, 1000])
def test_many_values_are_encoded_like_a_few(client, path, fields, pattern, count):
    answer = client.post(f"/api/v1/{path}", json={**fields, "count": count})
    assert answer.status_code == 200
    values = answer.json["data"]
    assert len(values) == answer.json["count"] == count
    assert [value for value in values if not re.fullmatch(pattern, str(value))] == []


@pytest.mark.parametrize("length", [0, 1, 30])
@pytest.mark.parametrize("count", [1, 255, 256, 1000])
def test_the_article_s_route_gives_strings_of_every_length_and_count(client, length, count):
    answer = client.post("/getrandomstr", json={"intlen": length, "intnum": count, "withnum": True}).json
    assert answer["datalen"] == len(answer["data"]) == count
    assert [value for value in answer["data"] if not re.fullmatch(f"[0-9]{{{length}}}", value)] == []
