"""The manifests that kustomize renders, and checks of them: Pod Security "restricted", and a linter's rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from support.stack import ROOT

KUBERNETES = ROOT / "deploy/kubernetes"
COMPONENTS = sorted(folder.name for folder in (KUBERNETES / "components").iterdir())
Resource = dict[str, Any]

#: Volumes that the Pod Security level "restricted" allows.
VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
}


def workloads(resources: list[Resource]) -> list[Resource]:
    return [resource for resource in resources if resource["kind"] in ("Deployment", "Job")]


def template(workload: Resource) -> Resource:
    pod: Resource = workload["spec"]["template"]
    return pod


def only(resources: list[Resource], kind: str) -> Resource:
    (found,) = [resource for resource in resources if resource["kind"] == kind]
    return found


def not_restricted(resources: list[Resource]) -> Iterator[str]:
    """What the Pod Security level "restricted" refuses: https://kubernetes.io/docs/concepts/security/pod-security-standards/"""
    for workload in workloads(resources):
        pod = template(workload)["spec"]
        whole = pod.get("securityContext", {})
        for name in ("hostNetwork", "hostPID", "hostIPC", "hostUsers"):
            if pod.get(name):
                yield name
        for volume in pod.get("volumes", []):
            if not set(volume) - {"name"} <= VOLUMES:
                yield f"volume {volume['name']}"
        if whole.get("sysctls") or whole.get("windowsOptions"):
            yield "sysctls or windowsOptions"
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            own = container.get("securityContext", {})
            both = {**whole, **own}
            name = container["name"]
            if own.get("privileged") or own.get("procMount", "Default") != "Default":
                yield f"{name}: privileged or procMount"
            if own.get("allowPrivilegeEscalation", True):
                yield f"{name}: allowPrivilegeEscalation"
            capabilities = own.get("capabilities", {})
            if "ALL" not in capabilities.get("drop", []):
                yield f"{name}: capabilities are kept"
            if set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}:
                yield f"{name}: capabilities are added"
            if not both.get("runAsNonRoot") or both.get("runAsUser", 1) == 0:
                yield f"{name}: may be root"
            if both.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
                yield f"{name}: no seccomp profile"
            if any("hostPort" in port for port in container.get("ports", [])):
                yield f"{name}: hostPort"


def careless(resources: list[Resource]) -> Iterator[str]:
    """What kube-linter would report with its built-in rules and the optional ones that apply."""
    accounts = {resource["metadata"]["name"] for resource in resources if resource["kind"] == "ServiceAccount"}
    for workload in workloads(resources):
        pod = template(workload)["spec"]
        if pod.get("serviceAccountName", "default") not in accounts - {"default"}:
            yield "no service account of its own"
        if pod.get("automountServiceAccountToken", True):
            yield "a service account's token is mounted"
        mounted = {volume["name"] for volume in pod.get("volumes", [])}
        for container in pod["containers"]:
            name = container["name"]
            if not container["securityContext"].get("readOnlyRootFilesystem"):
                yield f"{name}: writable root"
            resource = container.get("resources", {})
            for kind in ("requests", "limits"):
                yield from (f"{name}: no {kind} of {what}" for what in {"cpu", "memory"} - set(resource.get(kind, {})))
            if container["image"].rpartition(":")[2] in (container["image"], "latest"):
                yield f"{name}: an image without a version"
            yield from (
                f"{name}: mounts {mount['name']}, which is no volume"
                for mount in container.get("volumeMounts", [])
                if mount["name"] not in mounted
            )
            yield from (
                f"{name}: a privileged port" for port in container.get("ports", []) if int(port["containerPort"]) < 1024
            )
            yield from (
                f"{name}: a secret in the environment"
                for variable in container.get("env", [])
                if "secretKeyRef" in variable.get("valueFrom", {})
            )
            if workload["kind"] == "Deployment":
                yield from (
                    f"{name}: no {probe}"
                    for probe in ("startupProbe", "readinessProbe", "livenessProbe")
                    if probe not in container
                )
    yield from _careless_deployments(resources)


def _careless_deployments(resources: list[Resource]) -> Iterator[str]:
    labels = [template(workload)["metadata"]["labels"] for workload in workloads(resources)]

    def meets(selector: dict[str, str]) -> bool:
        return any(selector.items() <= carried.items() for carried in labels)

    selectors = {
        "Deployment": lambda spec: spec["selector"]["matchLabels"],
        "NetworkPolicy": lambda spec: spec["podSelector"]["matchLabels"],
        "PodDisruptionBudget": lambda spec: spec["selector"]["matchLabels"],
        "PodMonitor": lambda spec: spec["selector"]["matchLabels"],
        "Service": lambda spec: spec["selector"],
    }
    for resource in resources:
        kind, spec = resource["kind"], resource.get("spec", {})
        if kind in selectors and not meets(selectors[kind](spec)):
            yield f"{kind} selects no Pod"
        if kind == "Deployment":
            if spec["strategy"].get("rollingUpdate", {}).get("maxUnavailable") != 0:
                yield "a rolling update takes a Pod away before there is a new one"
            if not {"topology.kubernetes.io/zone", "kubernetes.io/hostname"} <= {
                spread["topologyKey"] for spread in template(resource)["spec"].get("topologySpreadConstraints", [])
            }:
                yield "Pods may all be on one machine"
        replicas = spec.get("minReplicas" if kind == "HorizontalPodAutoscaler" else "replicas", 2)
        if kind in ("Deployment", "HorizontalPodAutoscaler") and replicas < 2:
            yield "fewer than two Pods"
    kinds = {resource["kind"] for resource in resources}
    if "Deployment" in kinds:
        yield from (f"no {kind}" for kind in {"NetworkPolicy", "PodDisruptionBudget"} - kinds)
