"""Two scanners, with a certificate of an authority as from a real one: nothing above LOW."""

from __future__ import annotations

import json

import pytest

from support.stack import ROOT, run

from .certificates import NAME, issue, put
from .conftest import OWN


@pytest.fixture(scope="module")
def folder(tmp_path_factory, authority):
    made = tmp_path_factory.mktemp("scan")
    made.chmod(0o755)
    put(made, *issue(authority))
    (made / "ca.pem").write_bytes(authority.cert_pem.bytes())
    return made


@pytest.fixture(scope="module")
def stack(start, folder):
    with start(OWN, OWN_TLS=str(folder)) as stack:
        yield stack


def test_testssl_finds_nothing_above_low(stack, folder, figure):
    done = run(
        *("docker", "run", "--rm", "--network", f"container:{stack.nginx.ident}", "--volume", f"{folder}:/own:ro"),
        *("--tmpfs", "/tmp:mode=1777", "flaskrandom-test-tls", "bash", "-c"),
        f"testssl --quiet --color 0 --warnings off --ip 127.0.0.1 --add-ca /own/ca.pem --nodns min "
        f"--jsonfile /tmp/found.json https://{NAME}:443 >/tmp/said 2>&1; cat /tmp/found.json || cat /tmp/said >&2",
        seconds=400,
    )
    found = json.loads(done.stdout)
    assert len(found) > 100
    assert [row for row in found if row["severity"] not in {"OK", "INFO", "LOW"}] == []
    low = [row["id"] for row in found if row["severity"] == "LOW"]
    figure(f"testssl.sh, {len(found)} findings", "", "", f"none above LOW; LOW: {', '.join(low) or 'none'}")


def test_mozillas_guideline_is_met(stack, figure):
    done = run(
        *(str(ROOT / ".venv/bin/python"), "-m", "sslyze", "--mozilla_config=intermediate"),
        f"{NAME}:{stack.tls_port}{{127.0.0.1}}",
        seconds=200,
    )
    (verdict,) = [line.strip() for line in done.stdout.splitlines() if f"{NAME}:{stack.tls_port}: " in line]
    assert done.returncode == 0, done.stdout
    assert "OK - Compliant" in verdict
    figure("sslyze, Mozilla's intermediate", "", "", verdict.partition(": ")[2])
