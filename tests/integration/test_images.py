"""What the two images contain and what they do not contain."""

from __future__ import annotations

import gzip
import io
import json
import re
import subprocess
import tarfile

import pytest

from support.stack import ROOT, SERVICES, must

pytestmark = pytest.mark.local

BUILD_AND_TEST_TOOLS = re.compile(
    r"""(^|/)(
        pip\d?[\d.]* | uv | gcc | g\+\+ | cc | make | ld | git | curl | wget | ruff | mypy | pytest | py\.test
        | hypothesis | shellcheck | hadolint | yamllint | requirements\.in | \.flaskenv
    )$
    | (^|/)(site|dist)-packages/(pip|pytest|_pytest|hypothesis|ruff|mypy|requests|dotenv|ensurepip)/
    | ^app/(.*/)?((tests|\.git|certs)/ | test_[^/]*\.py$ | conftest\.py$)
    | ^var/lib/apt/lists/. | ^var/cache/apt/. | ^root/\.cache/.""",
    re.VERBOSE,
)
#: app/x/__pycache__/name.cpython-313.pyc belongs to app/x/name.py.
BYTECODE = re.compile(r"__pycache__/(.+)\.cpython-\d+\.pyc$")
#: The largest size in bytes that the docs promise for each image.
SIZES = {"api": 170e6, "nginx": 110e6}
SECRET = re.compile(
    r"(password|passwd|secret|token|api_?key|private.key)\s*=\s*\S|://[^/\s:@]+:[^/\s@]+@|BEGIN [A-Z ]*KEY",
    re.IGNORECASE,
)


@pytest.fixture(scope="module", params=SERVICES)
def service(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def image(service, stack) -> str:
    return stack.container(service).inspect()["Config"]["Image"]


@pytest.fixture(scope="module")
def members(image) -> list[tarfile.TarInfo]:
    """All members of the image's file system."""
    made = must("docker", "create", "--network", "none", image).strip()
    try:
        with (
            subprocess.Popen(["docker", "export", made], stdout=subprocess.PIPE) as export,
            tarfile.open(fileobj=export.stdout, mode="r|") as tree,
        ):
            members = list(tree)
    finally:
        must("docker", "rm", made)
    assert len(members) > 1000
    return members


@pytest.fixture(scope="module")
def files(members) -> list[str]:
    """The paths of all members."""
    return [member.name + ("/" if member.isdir() else "") for member in members]


@pytest.fixture(scope="module")
def layers(image) -> list[bytes]:
    """All layers, including files that a later layer deletes."""
    saved = subprocess.run(["docker", "save", image], capture_output=True, check=True).stdout
    found = []
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content:
                blob = content.read()
                found.append(gzip.decompress(blob) if blob[:2] == b"\x1f\x8b" else blob)
    return found


def test_no_build_or_test_tools_are_in_the_image(files):
    assert [path for path in files if BUILD_AND_TEST_TOOLS.search(path)] == []


def test_third_party_licences_are_in_the_image(service, files, image):
    """Python and Debian packages bring their own licences; the word lists and Swagger UI need ours."""
    named = {
        "api": ("app/flaskrandom/copyright.txt", "Creative Commons"),
        "nginx": ("srv/www/docs/copyright.txt", "Apache"),
    }
    path, licence = named[service]
    assert path in files
    assert "usr/share/common-licenses/Apache-2.0" in files
    assert licence in must("docker", "run", "--rm", "--network", "none", "--entrypoint", "cat", image, f"/{path}")
    packages = [path for path in files if path.endswith(".dist-info/METADATA")]
    folders = {path.rpartition("/")[0] for path in packages}
    licensed = {
        path.partition(".dist-info/")[0] for path in files if re.search(r"\.dist-info/.*(LICEN[CS]E|COPYING)", path)
    }
    assert {folder.removesuffix(".dist-info") for folder in folders} == licensed


def test_no_file_is_setuid_or_setgid(members):
    """CIS 4.8."""
    assert [member.name for member in members if member.isfile() and member.mode & 0o6000] == []
    assert any(member.name == "usr/bin/su" for member in members), "su, setuid in Debian, must be among them"


def test_app_has_no_stale_bytecode_and_no_editor_backups(service, files):
    ours = [path for path in files if path.startswith("app/")]
    sources = {path for path in ours if path.endswith(".py")}
    compiled = [path for path in ours if path.endswith((".pyc", ".pyo"))]
    assert bool(compiled) is (service == "api")
    assert [path for path in compiled if BYTECODE.sub(r"\1.py", path) not in sources] == []
    assert [path for path in ours if path.endswith((".orig", ".rej", ".swp", "~"))] == []


def test_no_extra_certificate_in_any_layer(layers):
    lines = [
        certificate.read_text().splitlines()[5].encode()  # base64, from where no two certificates are alike
        for certificate in sorted((ROOT / "local/build-ca").glob("*.crt"))
    ]
    if not lines:
        pytest.skip("local/build-ca holds no certificate that could have slipped in")
    assert all(len(line) == 64 for line in lines)
    assert not [line for line in lines for layer in layers if line in layer]


def test_control_the_search_of_layers_finds_something(layers):
    """The search above can find a text that is there."""
    assert any(b"root:x:0:0:root:/root:/bin/bash" in layer for layer in layers)


def test_no_secret_in_the_history_or_the_environment(image):
    history = must("docker", "history", "--no-trunc", "--format", "{{.CreatedBy}}", image)
    settings = must("docker", "inspect", "--format", "{{json .Config.Env}}{{json .Config.Labels}}", image)
    assert not SECRET.search(history)
    assert not SECRET.search(settings)


def test_the_image_is_no_larger_than_promised(service, image, record_property):
    size = int(must("docker", "image", "inspect", "--format", "{{.Size}}", image))
    record_property(f"image {image}", f"{size / 1e6:.0f} MB")
    assert size < SIZES[service]


def test_the_image_itself_sets_user_and_health_check(image):
    """CIS 4.1 and 4.6: both also apply when the image runs without the Compose file."""
    config = json.loads(must("docker", "image", "inspect", image))[0]["Config"]
    user, _, group = config["User"].partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert config["Healthcheck"]["Test"][0] == "CMD"


@pytest.mark.parametrize("dockerfile", ["services/api/Dockerfile", "services/nginx/Dockerfile"])
def test_dockerfiles_use_no_add_and_no_stale_package_lists(dockerfile):
    """CIS 4.7, 4.9: each step that installs packages updates the lists first; ADD is not used."""
    text = (ROOT / dockerfile).read_text().replace("\\\n", " ")
    assert not re.search(r"^ADD\s", text, re.MULTILINE)
    for step in re.findall(r"^RUN .*apt-get.*", text, re.MULTILINE):
        assert re.search(r"apt-get update .*apt-get install ", step)
