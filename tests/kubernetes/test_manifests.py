"""The rendered manifests are valid, restricted, free of linter findings, and consistent with compose.yaml."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import kubernetes_validate
import pytest
import yaml
from kubernetes_validate.utils import all_versions

from settings import read
from support.stack import ROOT

from .conftest import overlay_of
from .manifests import COMPONENTS, Resource, careless, not_restricted, only, template, workloads

VERSIONS = all_versions()[-3:]
FOLDERS = ("base", "overlays/production", "smoke")
VARIANTS = (*FOLDERS, *COMPONENTS, "everything")


@pytest.fixture(scope="module")
def rendered(kustomize: Callable[..., list[Resource]]) -> dict[str, list[Resource]]:
    """The resources of every folder, of each component on top of the base, and of all of them together with secrets."""
    found = {name: kustomize(name) for name in FOLDERS}
    found |= {component: kustomize(component, overlay_of(component)) for component in COMPONENTS}
    secrets = [{"name": "flaskrandom-secrets", "files": ["api_keys", "series_key"]}]
    everything = overlay_of(*(component for component in COMPONENTS if component != "openshift"))
    files = {"api_keys": "ci sha256:0\n", "series_key": "0\n"}
    found["everything"] = kustomize("everything", {**everything, "secretGenerator": secrets}, **files)
    return found


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("version", VERSIONS)
def test_the_resources_match_kubernetes_schemas(rendered, variant, version):
    validated = 0
    for resource in rendered[variant]:
        # The Prometheus Operator defines this kind, so Kubernetes has no schema for it.
        if resource["kind"] != "PodMonitor":
            kubernetes_validate.validate(resource, version, strict=True)
            validated += 1
    assert validated


def test_the_validation_finds_an_unknown_field(rendered):
    deployment = copy.deepcopy(only(rendered["base"], "Deployment"))
    deployment["spec"]["template"]["spec"]["containers"][0]["memory"] = "1Gi"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, VERSIONS[-1], strict=True)


@pytest.mark.parametrize("variant", VARIANTS)
def test_pod_security_restricted_allows_the_pods(rendered, variant):
    assert workloads(rendered[variant])
    assert list(not_restricted(rendered[variant])) == []


@pytest.mark.parametrize("variant", [variant for variant in VARIANTS if variant != "base"])
def test_a_linter_finds_nothing(rendered, variant):
    assert list(careless(rendered[variant])) == []


def without(*path: str | int) -> Callable[[Resource], None]:
    def spoil(pod: Resource) -> None:
        for step in path[:-1]:
            pod = pod[step]
        del pod[path[-1]]

    return spoil


def to(value: object, *path: str | int) -> Callable[[Resource], None]:
    def spoil(pod: Resource) -> None:
        for step in path[:-1]:
            pod = pod[step]
        pod[path[-1]] = value

    return spoil


@pytest.mark.parametrize(
    ("spoil", "judge"),
    [
        (to(True, "spec", "hostNetwork"), not_restricted),
        (to(False, "spec", "securityContext", "runAsNonRoot"), not_restricted),
        (without("spec", "securityContext", "seccompProfile"), not_restricted),
        (without("spec", "containers", 0, "securityContext", "allowPrivilegeEscalation"), not_restricted),
        (without("spec", "containers", 1, "securityContext", "capabilities"), not_restricted),
        (to(0, "spec", "containers", 1, "securityContext", "runAsUser"), not_restricted),
        (to({"name": "tmp", "hostPath": {"path": "/tmp"}}, "spec", "volumes", 2), not_restricted),
        (to("default", "spec", "serviceAccountName"), careless),
        (without("spec", "automountServiceAccountToken"), careless),
        (without("spec", "containers", 0, "securityContext", "readOnlyRootFilesystem"), careless),
        (without("spec", "containers", 0, "resources", "limits", "memory"), careless),
        (without("spec", "containers", 1, "livenessProbe"), careless),
        (to("flaskrandom-api:latest", "spec", "containers", 0, "image"), careless),
        (to("other", "spec", "volumes", 0, "name"), careless),
        (to("other", "metadata", "labels", "app.kubernetes.io/name"), careless),
        (without("spec", "topologySpreadConstraints"), careless),
    ],
)
def test_the_checks_find_each_fault(rendered, spoil, judge):
    resources = copy.deepcopy(rendered["overlays/production"])
    spoil(template(only(resources, "Deployment")))
    assert list(judge(resources))


def limits() -> Iterator[tuple[str, str, str]]:
    compose = read("compose", {})
    for container in ("api", "nginx"):
        yield container, "cpu", str(compose[f"{container.upper()}_CPU_PERCENT"] // 100)
        yield container, "memory", f"{compose[f'{container.upper()}_MEMORY']}Mi"


@pytest.mark.parametrize(("container", "what", "amount"), list(limits()))
def test_limits_are_those_of_compose(rendered, container, what, amount):
    (found,) = [
        each
        for each in template(only(rendered["base"], "Deployment"))["spec"]["containers"]
        if each["name"] == container
    ]
    assert found["resources"]["limits"][what] == amount


def test_cpu_is_shared_as_in_compose(rendered):
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    api, nginx = template(only(rendered["base"], "Deployment"))["spec"]["containers"]
    asked = int(api["resources"]["requests"]["cpu"]) * 1000 / int(nginx["resources"]["requests"]["cpu"].rstrip("m"))
    assert asked == services["api"]["cpu_shares"] / services["nginx"]["cpu_shares"]


def test_the_settings_are_valid(rendered):
    for variant in VARIANTS:
        for config in [resource for resource in rendered[variant] if resource["kind"] == "ConfigMap"]:
            for reader in ("api", "nginx"):
                read(reader, config["data"])


def test_the_openshift_variant_sets_no_user(rendered):
    pod = template(only(rendered["openshift"], "Deployment"))["spec"]
    chosen = {"runAsUser", "runAsGroup", "fsGroup"}
    assert not chosen & set(pod["securityContext"])
    for container in pod["containers"]:
        assert not chosen & set(container["securityContext"])


def test_the_network_policy_allows_only_clients_in_and_nothing_out(rendered):
    policy = only(rendered["base"], "NetworkPolicy")["spec"]
    assert set(policy["policyTypes"]) == {"Ingress", "Egress"}
    assert not policy["egress"]
    (rule,) = policy["ingress"]
    assert rule["ports"] == [{"port": "http"}]
    assert all(next(iter(source.values()))["matchLabels"] for source in rule["from"])


def test_the_network_policy_admits_the_smoke_tests(rendered):
    client = template(only(rendered["smoke"], "Job"))["metadata"]["labels"]
    sources = only(rendered["base"], "NetworkPolicy")["spec"]["ingress"][0]["from"]
    (pods,) = [source["podSelector"]["matchLabels"] for source in sources if "podSelector" in source]
    assert pods.items() <= client.items()
    assert not only(rendered["base"], "Service")["spec"]["selector"].items() <= client.items()


def test_the_secret_is_mounted_by_its_hashed_name(rendered):
    secret = only(rendered["everything"], "Secret")
    pod = template(only(rendered["everything"], "Deployment"))["spec"]
    (volume,) = [volume for volume in pod["volumes"] if "secret" in volume]
    assert volume["secret"]["secretName"] == secret["metadata"]["name"]
    assert secret["metadata"]["name"].startswith("flaskrandom-secrets-")
    assert {*secret["data"]} == {"api_keys", "series_key"}
