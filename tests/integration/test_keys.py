"""API keys through the proxy, on a throw-away stack that requires them, and key rotation as operators do it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from cases.article import HELLO, asking
from flaskrandom.keys import line_for, new_key
from support.answers import check_every_answer, check_problem, send_raw
from support.key_file import KeyFile, is_key, key_file
from support.polling import await_until
from support.secrecy import check_no_log_holds
from support.stack import PROGRAM, ROOT, SERVICES, Stack, run, throwaway

pytestmark = [pytest.mark.local, pytest.mark.long]

MISSING = 'Bearer realm="flaskrandom"'
WRONG = 'Bearer realm="flaskrandom", error="invalid_token"'
GUARDED = ["/api/v1/strings", "/api/v1/strings/stream", "/api/v1/uuids", "/api/v1/passphrases/stream"]
LISTED = "https://app.example:8443"
OPEN = ["/", "/healthz", "/readyz", "/openapi.json", "/docs/"]


@pytest.fixture(scope="module")
def file():
    with key_file() as file:
        yield file


@pytest.fixture(scope="module")
def guarded(stack, file):
    """A stack that requires keys. It needs the images that `stack` builds."""
    with throwaway(API_KEYS_FILE=file.setting, CORS_ALLOW_ORIGINS=LISTED) as other:
        other.start()
        yield other


@pytest.fixture(scope="module")
def base_url(guarded):
    """The address that `client` calls."""
    return guarded.url


@pytest.fixture
def key(file):
    return file.admit("ci")


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def check_refused(answer, challenge):
    check_every_answer(answer)
    check_problem(answer, json.loads(answer.text), 401)
    assert answer.headers["WWW-Authenticate"] == challenge


def test_health_checks_need_no_key(guarded):
    assert [guarded.container(service).check_health().returncode for service in SERVICES] == [0, 0]


def test_without_a_key_a_guarded_route_gets_401(client):
    for path in GUARDED:
        check_refused(client.get(path), MISSING)
    check_refused(client.ask(asking()), MISSING)
    check_refused(client.post("/api/v1/verify", json={}), MISSING)
    check_refused(client.post("/api/v1/strings/estimate", json={}), MISSING)


def test_open_routes_need_no_key(client):
    for path in OPEN:
        assert client.get(path).status_code == 200
    assert client.get("/").text == HELLO
    assert client.get("/no/such/address").status_code == 404


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
def test_a_valid_key_is_accepted(client, key, header):
    headers = {header: f"Bearer {key}" if header == "Authorization" else key}
    for path in GUARDED:
        answer = client.get(path, headers=headers)
        assert answer.status_code == 200
        check_every_answer(answer)
        assert "X-Key-Name" not in answer.headers
    assert client.post("/getrandomstr", json=asking(), headers=headers).json()["msg"] == "success"


@pytest.mark.parametrize(
    "headers",
    [
        bearer("x"),
        bearer(new_key()),
        {"X-API-Key": "x"},
        {"X-API-Key": new_key()},
        {"X-API-Key": "frk_" + "a" * 3000},
        {"X-API-Key": "; drop"},
    ],
    ids=["short bearer", "bearer", "short", "key", "long", "odd"],
)
def test_a_wrong_key_gets_401(client, headers):
    check_refused(client.get("/api/v1/strings", headers=headers), WRONG)
    check_refused(client.post("/getrandomstr", json=asking(), headers=headers), WRONG)


def test_a_repeated_key_header_gets_401(guarded, key):
    raw = (
        f"GET /api/v1/strings HTTP/1.1\r\nHost: a\r\nX-API-Key: {key}\r\nX-API-Key: {key}\r\nConnection: close\r\n\r\n"
    )
    check_refused(send_raw(guarded.url, raw.encode()), WRONG)


def test_a_header_with_an_underscore_is_ignored(guarded, key):
    raw = f"GET /api/v1/strings HTTP/1.1\r\nHost: a\r\nX_API_Key: {key}\r\nConnection: close\r\n\r\n"
    check_refused(send_raw(guarded.url, raw.encode()), MISSING)


def test_a_new_key_file_takes_effect_within_the_interval(guarded, client, file):
    """In every worker, even though the file mounted at the start no longer exists."""
    began = guarded.api.state["StartedAt"]
    old = file.admit("ci")
    for _ in range(3):
        with ThreadPoolExecutor(8) as pool:
            ask = lambda key: client.get("/api/v1/strings", headers=bearer(key)).status_code  # noqa: E731
            assert set(pool.map(ask, [old] * 40)) == {200}
            new = file.admit("ci")
            assert set(pool.map(ask, [new] * 40)) == {200}
            assert set(pool.map(ask, [old] * 40)) == {401}
        assert client.get("/api/v1/strings/stream", headers=bearer(new)).status_code == 200
        assert client.get("/api/v1/strings/stream", headers=bearer(old)).status_code == 401
        old = new
    assert guarded.api.state["StartedAt"] == began


def test_two_keys_are_valid_during_a_rotation(client, file):
    old, new = new_key(), new_key()
    file.replace(f"{line_for('ci', old)}\n{line_for('ci', new)}\n")
    assert {client.get("/api/v1/strings", headers=bearer(key)).status_code for key in (old, new)} == {200}
    file.replace(f"{line_for('ci', new)}\n")
    assert client.get("/api/v1/strings", headers=bearer(old)).status_code == 401
    assert client.get("/api/v1/strings", headers=bearer(new)).status_code == 200


def test_no_call_fails_while_another_key_is_rotated(client, file):
    kept = new_key()
    line = f"{line_for('kept', kept)}\n"
    file.replace(line)
    statuses = set()
    for _ in range(30):
        file.replace(line + f"{line_for('ci', new_key())}\n")
        statuses.add(client.get("/api/v1/strings", headers=bearer(kept)).status_code)
    assert statuses == {200}


def test_a_missing_key_file_refuses_every_key(guarded, client, file):
    key = file.admit("ci")
    assert client.get("/api/v1/strings", headers=bearer(key)).status_code == 200
    file.path.unlink()
    file.await_looks()
    check_refused(client.get("/api/v1/strings", headers=bearer(key)), WRONG)
    assert client.get("/readyz").status_code == 200
    assert re.search("API_KEYS_FILE=secrets/.*: No such file or directory", guarded.logs("api"))
    file.replace(f"{line_for('ci', key)}\n")
    assert client.get("/api/v1/strings", headers=bearer(key)).status_code == 200


def test_the_log_holds_the_name_of_the_key(guarded, client, key):
    answer = client.get("/api/v1/strings", headers=bearer(key))
    ident = answer.headers["X-Request-Id"]
    lines = await_until(
        lambda: [line for line in guarded.nginx.logs().splitlines() if ident in line], 5, "the request is logged"
    )
    (line,) = map(json.loads, lines)
    assert line["key"] == "ci"


def test_no_key_is_in_any_log(guarded, client, file):
    """Valid and wrong keys, intact and malformed, including requests that nginx itself reports as errors."""
    good, wrong = file.admit("ci"), new_key()
    for key in (good, wrong):
        for headers in (bearer(key), {"X-API-Key": key}, {"X-API-Key": key + "!"}, bearer(key + " \x7f")):
            client.get("/api/v1/strings", headers=headers)
            client.get("/api/v1/strings?length=x", headers=headers)
            client.get("/metrics", headers=headers)
            client.post("/getrandomstr", data=b"x" * 100_000, headers=headers)
        for name in ("Authorization: Bearer ", "X-API-Key: "):
            for tail in ("\x01", "a" * 5000, f"\r\n{name}{key}", "\r\nBad Header: x", "\r\nContent-Length: x"):
                raw = f"GET /api/v1/strings HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{name}{key}{tail}\r\n\r\n"
                send_raw(guarded.url, raw.encode())
    # nginx's error log holds any request that it cannot pass on.
    assert guarded.supervisorctl("stop", "flaskrandom").returncode == 0
    for key in (good, wrong):
        assert client.get("/api/v1/strings", headers=bearer(key)).status_code == 503
    guarded.begin(PROGRAM)
    await_until(guarded.serves, 30, "it serves again")
    check_no_log_holds([good, wrong], guarded, client.get("/", headers=bearer(wrong)).headers["X-Request-Id"])
    assert '"upstream_status":"502"' in guarded.logs("nginx"), "the log must hold a call that nginx could not pass on"


def test_a_preflight_needs_no_key(client):
    """Browsers send no key with a preflight."""
    preflight = {
        "Origin": LISTED,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-api-key",
    }
    answer = client.options("/api/v1/strings", headers=preflight)
    check_every_answer(answer)
    assert answer.status_code == 204
    refused = client.get("/api/v1/strings", headers={"Origin": LISTED})
    check_every_answer(refused)
    assert refused.status_code == 401
    assert refused.headers["Access-Control-Allow-Origin"] == LISTED
    assert "WWW-Authenticate" in refused.headers["Access-Control-Expose-Headers"].replace(",", " ").split()
    for each in (answer, refused):
        assert "Access-Control-Allow-Credentials" not in each.headers


def test_the_openapi_document_names_both_key_schemes(client):
    document = client.get("/openapi.json").json()
    assert set(document["components"]["securitySchemes"]) == {"bearer", "header"}


def test_the_secrets_folder_is_mounted_read_only(stack):
    """With and without keys: no setting of `guarded` changes a mount."""
    (bind,) = [mount for mount in stack.api.inspect()["Mounts"] if mount["Type"] == "bind"]
    assert (bind["Source"], bind["Destination"], bind["RW"]) == (str(ROOT / "local/secrets"), "/app/secrets", False)


@pytest.mark.parametrize(
    ("text", "said"), [(None, "No such file or directory"), ("frk_pasted", "line 1: must be NAME sha256:HEX, as `make")]
)
def test_a_bad_key_file_stops_the_start_with_one_line(stack, text, said):
    with key_file() as bad, throwaway(API_KEYS_FILE=bad.setting) as other:
        bad.path.unlink() if text is None else bad.replace(text)
        other.compose("create", "--no-build")
        done = run("docker", "start", "--attach", other.api.ident, seconds=30)
        assert done.returncode != 0
        (line,) = done.stdout.splitlines()
        assert line.startswith(f"API_KEYS_FILE={bad.setting}: {said}")
        assert "pasted" not in line


def flood(stack: Stack, headers: list[dict[str, str]]) -> list[int]:
    with requests.Session() as session:
        session.trust_env = False
        address = f"{stack.url}/api/v1/strings"
        return [session.get(address, headers=each, timeout=10).status_code for each in headers]


@pytest.fixture(scope="module")
def limited(stack):
    """A stack with a low limit for each key, and its key file.

    The burst of 40 for each address allows the 33 calls of the first test, but not the 80 calls of the second, which
    must run last.
    """
    settings = {"KEY_RATE_LIMIT": "1", "KEY_RATE_BURST": "2", "RATE_LIMIT": "1", "RATE_BURST": "40"}
    with key_file() as file, throwaway(API_KEYS_FILE=file.setting, **settings) as other:
        other.start()
        yield other, file


def test_each_key_has_a_rate_limit_of_its_own(limited):
    other, file = limited
    first, second = new_key(), new_key()
    file.replace(f"{line_for('first', first)}\n{line_for('second', second)}\n")
    began = time.monotonic()
    # Three ways to send a key share one limit.
    spellings = [bearer(first), {"Authorization": f"bearer  {first}"}, {"X-API-Key": first}]
    seen = flood(other, spellings * 10)
    assert seen.count(200) + seen.count(429) == 30
    assert 3 <= seen.count(200) <= 4 + (time.monotonic() - began)
    # The other key is not limited.
    assert flood(other, [bearer(second)] * 3) == [200] * 3


def test_invented_keys_share_the_limit_for_their_address(limited):
    """Each call has a new key, so no limit for a key applies."""
    seen = flood(limited[0], [bearer(new_key()) for _ in range(80)])
    assert set(seen) == {401, 429}
    assert seen.count(429) >= 20
    assert seen.count(401) >= 8  # more than one key's burst: 41 for the address, less at most the 33 calls above


@pytest.mark.parametrize(
    ("key", "said"),
    [("", "wants an API key: read -rs API_KEY"), ("frk_wrong", "does not take the key in API_KEY: make key")],
)
def test_smoke_without_a_valid_key_says_what_to_do(guarded, key, said):
    done = run("make", "smoke", f"BASE_URL={guarded.url}", environ={"API_KEY": key})
    assert done.returncode
    assert f"ERROR: {guarded.url} {said}" in done.stdout
    assert "frk_wrong" not in done.stdout


def test_prometheus_needs_no_key(guarded):
    """The internal address needs no key. The public port has no /metrics, with or without a key."""
    ask = r"exec 3<>/dev/tcp/127.0.0.1/9145; printf 'GET %s HTTP/1.0\r\n\r\n' /metrics >&3; cat <&3"
    said = guarded.nginx.must("bash", "-c", ask)
    assert " 200 " in said.splitlines()[0]
    assert "flaskrandom_http_requests_total{" in said


def test_make_key_adds_keys_to_the_file(tmp_path):
    """It runs in a copy of the checkout, because it writes into its own checkout."""
    for part in ("scripts", "Makefile", ".env", "services/api/flaskrandom", "services/settings"):
        target = tmp_path / part
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(ROOT / part, target) if (ROOT / part).is_dir() else shutil.copy(ROOT / part, target)
    (tmp_path / "local/secrets").mkdir(parents=True)

    def make_key(name: str) -> str:
        return subprocess.run(
            ["make", "-s", "key", f"NAME={name}"], cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout.strip()

    made = {name: make_key(name) for name in ("ci", "phone")}
    file = tmp_path / "local/secrets/api_keys"
    assert [key for key in made.values() if not is_key(key)] == []
    assert file.read_text().splitlines() == [line_for(name, key) for name, key in made.items()]
    assert file.stat().st_mode & 0o777 == 0o644, "the api's user must be able to read it"
    assert list(file.parent.iterdir()) == [file], "no other file is left"


def test_a_key_can_be_made_in_the_container(guarded):
    make = ("python", "-m", "flaskrandom.keys", "new")
    key, line = guarded.api.must(*make, "phone").splitlines()
    assert is_key(key)
    assert line == line_for("phone", key)
    assert guarded.api.run(*make, "two words").returncode == 1


def test_the_key_file_of_a_test_is_in_the_secrets_folder(file: KeyFile):
    assert file.setting.startswith("secrets/test-")
