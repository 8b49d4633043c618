"""Least privilege of both containers, as Docker reports it and as it is seen from inside."""

from __future__ import annotations

import pytest

from support.stack import SERVICES

pytestmark = pytest.mark.local


@pytest.fixture(params=SERVICES)
def container(request, stack):
    return stack.container(request.param)


@pytest.fixture
def host_config(container):
    return container.inspect()["HostConfig"]


def test_user_is_not_root(container):
    user, _, group = container.inspect()["Config"]["User"].partition(":")
    assert int(user) > 0
    assert int(group) > 0


#: Each image has all of them except the other image's own folder.
FOLDERS = ("/", "/etc", "/usr/bin", "/opt", "/var", "/home", "/app", "/etc/nginx")


def test_root_file_system_is_read_only(container, host_config):
    """Even root, who owns these folders, cannot write to them."""
    assert host_config["ReadonlyRootfs"] is True
    there = [folder for folder in FOLDERS if container.run("test", "-d", folder).returncode == 0]
    assert len(there) == len(FOLDERS) - 1
    attempt = container.run_as_root("touch", *(f"{folder}/probe" for folder in there))
    assert attempt.stdout.count("Read-only file system") == len(there), attempt.stdout


def test_only_the_necessary_mounts_are_writable(container):
    """Docker's own mounts below /dev, /proc and /sys are left out."""
    writable = {
        fields[1]
        for fields in (line.split() for line in container.must("cat", "/proc/mounts").splitlines())
        if fields[3].split(",")[0] == "rw" and not fields[1].startswith(("/dev", "/proc", "/sys"))
    }
    assert writable <= {"/run/flaskrandom", "/run/supervisor", "/run/nginx", "/tmp"}


def test_programs_cannot_run_from_tmpfs(host_config):
    for folder, options in host_config["Tmpfs"].items():
        assert {"noexec", "nosuid", "nodev"} <= set(options.split(",")), folder
        assert any(option.startswith("size=") for option in options.split(",")), folder


def test_no_process_has_a_capability(container, host_config):
    assert host_config["CapDrop"] == ["ALL"]
    assert not host_config["CapAdd"]
    for status in container.processes().values():
        assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}


def test_no_new_privileges(container, host_config):
    assert "no-new-privileges:true" in host_config["SecurityOpt"]
    assert not [option for option in host_config["SecurityOpt"] if "unconfined" in option]
    assert {status["NoNewPrivs"] for status in container.processes().values()} == {"1"}


def test_every_process_runs_as_the_same_user(container):
    user = container.inspect()["Config"]["User"].partition(":")[0]
    assert user != "0"
    processes = container.processes()
    assert 1 in processes
    assert {uid for status in processes.values() for uid in status["Uid"].split()} == {user}


def test_the_container_is_unprivileged_and_has_its_own_namespaces(host_config):
    assert host_config["Privileged"] is False
    assert host_config["NetworkMode"] != "host"
    assert host_config["PidMode"] == ""
    assert host_config["IpcMode"] in {"private", "none"}
    assert host_config["UsernsMode"] != "host"
    assert not host_config["Devices"]


def test_memory_cpu_and_processes_are_limited(host_config):
    assert host_config["Memory"] > 0
    assert host_config["MemorySwap"] == host_config["Memory"]
    assert host_config["NanoCpus"] > 0 or host_config["CpuQuota"] > 0
    assert host_config["PidsLimit"] > 0


def test_logs_rotate(host_config):
    assert host_config["LogConfig"]["Type"] == "json-file"
    assert host_config["LogConfig"]["Config"].keys() >= {"max-size", "max-file"}
    assert int(host_config["LogConfig"]["Config"]["max-file"]) > 1


def test_the_container_restarts_after_a_reboot(host_config):
    assert host_config["RestartPolicy"]["Name"] == "always"


def test_the_health_check_notices_an_outage_within_30_seconds(container):
    check = container.inspect()["Config"]["Healthcheck"]
    assert check["Test"][0] in {"CMD", "CMD-SHELL"}
    seconds = check["Interval"] * check["Retries"] / 1e9
    assert 0 < seconds <= 30, "the check must notice an outage within half a minute"


def test_only_the_secrets_folder_is_mounted_from_the_host(request, container):
    mounts = container.inspect()["Mounts"]
    of_the_host = {mount["Destination"]: mount["RW"] for mount in mounts if mount["Type"] == "bind"}
    assert of_the_host == ({"/app/secrets": False} if "[api]" in request.node.name else {})
    assert not [mount for mount in mounts if "docker.sock" in mount.get("Source", "") + mount["Destination"]]


def test_nginx_cannot_write_to_the_socket_folder(stack):
    (volume,) = [mount for mount in stack.nginx.inspect()["Mounts"] if mount["Type"] == "volume"]
    assert volume["Destination"] == "/run/flaskrandom"
    assert volume["RW"] is False


def test_only_one_port_of_nginx_is_published(stack):
    """CIS 5.8, 5.9."""
    assert list(stack.nginx.inspect()["HostConfig"]["PortBindings"]) == ["80/tcp"]
    assert not stack.api.inspect()["HostConfig"]["PortBindings"]
    assert list(stack.api.inspect()["NetworkSettings"]["Networks"]) == ["none"]
    assert "bridge" not in stack.nginx.inspect()["NetworkSettings"]["Networks"]  # CIS 5.30


def test_system_calls_are_filtered(container):
    """CIS 5.22: Docker's own seccomp profile is in force (mode 2: a filter)."""
    assert {status["Seccomp"] for status in container.processes().values()} == {"2"}


def test_nothing_else_of_the_host_is_shared(host_config):
    """CIS 5.16, 5.17, 5.20, 5.21, 5.25."""
    assert host_config["UTSMode"] == ""
    assert host_config["CgroupParent"] == ""
    assert not host_config["VolumesFrom"]
    assert not [mount for mount in host_config.get("Mounts") or [] if "shared" in str(mount.get("BindOptions"))]


def test_no_ssh_server_is_installed(container):
    """CIS 5.7: no SSH server runs, and the image has none."""
    assert not [status for status in container.processes().values() if "ssh" in status["Name"]]
    assert container.run("bash", "-c", "type sshd || type dropbear").returncode != 0
