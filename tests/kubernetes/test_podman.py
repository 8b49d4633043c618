"""`make up` and the Quadlet, on a machine with Podman and without Docker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.markdown import blocks
from support.polling import await_until
from support.stack import must

from .machine import CHECKOUT, USER, Machine

#: The images are already on the machine. Without REGISTRY they would be built.
HERE = {"REGISTRY": "localhost"}
PORT = 8085


@pytest.fixture(scope="module", params=["root", USER])
def user(request: pytest.FixtureRequest, podman: Machine, images) -> str:
    if request.param != "root":
        podman.load(*images.values(), user=request.param)
    return request.param


@pytest.fixture(autouse=True)
def tag(images) -> dict[str, str]:
    HERE["TAG"] = images["api"].rpartition(":")[2]
    return HERE


@pytest.fixture
def nothing_left(podman: Machine, user: str) -> Iterator[None]:
    """The test must leave no new containers, Pods, volumes or secrets of the user."""
    parts = "ps --all", "pod ps", "volume ls", "secret ls"
    command = "; ".join(f"podman {part} --quiet" for part in parts)
    before = set(podman.shell(command, user).split())
    yield
    assert not set(podman.shell(command, user).split()) - before


@pytest.mark.usefixtures("nothing_left")
def test_make_up_starts_the_stack_and_make_down_removes_it(podman, user):
    port = {"HTTP_PORT": str(PORT), "MAX_COUNT": "7", **HERE}
    assert "is ready: http://localhost:8085/" in podman.shell("make up", user, **port)
    try:
        assert podman.get(PORT, "/api/v1/uuids?count=7").status_code == 200
        assert podman.get(PORT, "/api/v1/uuids?count=8").status_code == 400, "the setting takes effect"
        assert "flaskrandom-bulk" in podman.shell("make ctl ARGS=status || true", user)
        # Rate limits and the log need the client's address; the engine must not replace it with its own.
        (network,) = podman.inspect()["NetworkSettings"]["Networks"].values()
        await_until(
            lambda: f'"client":"{network["Gateway"]}"' in podman.shell("podman logs flaskrandom-pod-nginx", user),
            10,
            "the client's address is in the log",
        )
        assert "is ready" in podman.shell("make up", user, **port), "a second run over the running stack"
    finally:
        podman.shell("make down", user)


@pytest.mark.usefixtures("nothing_left")
def test_keys_take_effect_and_bad_settings_are_refused(podman, user):
    podman.shell("make key NAME=here >/tmp/key", user)
    try:
        podman.shell("make up", user, HTTP_PORT=str(PORT), API_KEYS_FILE="secrets/api_keys", **HERE)
        assert podman.get(PORT, "/api/v1/uuids").status_code == 401
        said = podman.try_shell("make up", user, HTTP_PORT=str(PORT), MAX_COUNT="none", **HERE)
        assert said.returncode
        assert "MAX_COUNT=none: must be" in said.stdout
        assert podman.serves(PORT), "the running stack is unchanged"
        podman.shell(f"rm {CHECKOUT}/local/secrets/api_keys", user)
        podman.shell("make up", user, HTTP_PORT=str(PORT), **HERE)
        assert podman.get(PORT, "/api/v1/uuids").status_code == 200
        assert not podman.shell("podman secret ls --quiet", user).strip(), "keys without a file are removed"
    finally:
        podman.shell(f"make down; rm -f {CHECKOUT}/local/secrets/api_keys /tmp/key", user)


def test_a_quadlet_starts_the_stack_at_boot(podman, user):
    """With the commands of docs/deploy.md."""
    (commands,) = [block.text for block in blocks("docs/deploy.md") if "systemctl" in block.text]
    # Change the published port in the unit, as the page describes.
    commands = commands.replace("systemctl", f"sed -i 's/=80:/={PORT}:/' $folder/flaskrandom.kube\nsystemctl", 1)
    # This needs a login session; root has already done it for the machine.
    commands = commands.replace("loginctl enable-linger\n", "")
    folder, flag = "~/.config/containers/systemd", "--user"
    if user == "root":
        commands = commands.replace(folder, "/etc/containers/systemd").replace(" --user", "")
        folder, flag = "/etc/containers/systemd", ""
    try:
        podman.shell(f"set -e\n{commands}", user, **HERE)
        await_until(lambda: podman.serves(PORT), 60, "it serves")
        must("docker", "restart", podman.ident)
        podman.boot()
        await_until(lambda: podman.serves(PORT), 120, "it serves after the machine's restart")
    finally:
        podman.try_shell(f"systemctl {flag} stop flaskrandom; rm {folder}/*; systemctl {flag} daemon-reload", user)
    assert not podman.serves(PORT)


def test_make_up_works_if_docker_is_podman(podman):
    """As with the package podman-docker, whose command `docker` runs Podman."""
    podman.must("bash", "-c", "printf '#!/bin/sh\\nexec podman \"$@\"\\n' >/usr/local/bin/docker")
    podman.must("chmod", "0755", "/usr/local/bin/docker")
    try:
        assert "is ready" in podman.shell("make up", HTTP_PORT=str(PORT), **HERE)
        podman.shell("make down")
    finally:
        podman.must("rm", "/usr/local/bin/docker")


def test_make_up_builds_the_images(podman, base_image):
    """From the checkout alone. The base image, which a registry would supply, is loaded."""
    name = podman.load(base_image)
    said = podman.shell("make up && make down", seconds=580, HTTP_PORT=str(PORT), TAG="built", BASE_IMAGE=name)
    assert "Building flaskrandom-nginx:built" in said
    assert "is ready" in said


@pytest.fixture(scope="session")
def base_image(images) -> str:
    return must("python3", "-m", "scripts.stack", "base-image").split()[-1]
