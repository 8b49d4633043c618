"""Writes what is in an image as CycloneDX 1.6: Debian's packages, and Python's. `make sbom` calls it for every image.

What counts is asked of the image itself: dpkg's own database, the metadata that Python packages install, and, where
only files of a Python package are carried, the lock file that they came by. The same image gives the same bytes.

CycloneDX by cyclonedx-python-lib, the standard's own library: syft and buildkit's scanner come from registries only.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from datetime import datetime
from email.parser import HeaderParser
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.contact import OrganizationalEntity
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

#: Every package that dpkg has installed: name, version, architecture, source package, who maintains it.
DEBIAN = r"${db:Status-Abbrev}\t${Package}\t${Version}\t${Architecture}\t${source:Package}\t${Maintainer}\n"
#: The head of each METADATA file, one after the other.
PYTHON = "find / -xdev -path '*.dist-info/METADATA' -exec sh -c 'for f; do sed /^$/q \"$f\"; echo; done' - {} +"
LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==([^ \\]+)", re.MULTILINE)


def inside(image: str, *command: str) -> str:
    """What a command in a throw-away container of the image prints: as root, to see every file, and cut off."""
    program, *arguments = command
    return subprocess.run(
        [
            *("docker", "run", "--rm", "--network", "none", "--read-only", "--user", "0:0"),
            *("--entrypoint", program, image, *arguments),
        ],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


def debian_packages(image: str) -> Iterator[Component]:
    release = dict(
        line.replace('"', "").split("=", 1) for line in inside(image, "cat", "/etc/os-release").splitlines() if line
    )
    for line in inside(image, "dpkg-query", "--show", "--showformat", DEBIAN).splitlines():
        status, name, version, architecture, source, maintainer = line.split("\t")
        if status[1] != "i":
            continue
        about = {"arch": architecture, "distro": f"debian-{release['VERSION_ID']}"}
        if source != name:
            about["upstream"] = source
        url = PackageURL("deb", "debian", name, version, about)
        yield Component(
            type=ComponentType.LIBRARY,
            name=name,
            version=version,
            purl=url,
            bom_ref=url.to_string(),
            supplier=OrganizationalEntity(name=maintainer),
        )


def python_packages(image: str) -> Iterator[Component]:
    heads = re.split(r"\n\n+", inside(image, "sh", "-c", PYTHON).strip())
    for head in filter(None, heads):
        about = HeaderParser().parsestr(head)
        yield _python_package(about["Name"], about["Version"])


def carried_packages(lock: Path) -> Iterator[Component]:
    """Packages of which an image carries files, and no metadata."""
    for name, version in LOCKED.findall(lock.read_text()):
        yield _python_package(name, version)


def _python_package(name: str, version: str) -> Component:
    url = PackageURL("pypi", None, re.sub(r"[-_.]+", "-", name).lower(), version)
    return Component(type=ComponentType.LIBRARY, name=name, version=version, purl=url, bom_ref=url.to_string())


def bill(image: str, lock: Path | None = None) -> str:
    """The bill of materials of an image, as JSON."""
    about: dict[str, Any] = json.loads(
        subprocess.run(["docker", "image", "inspect", image], stdout=subprocess.PIPE, check=True).stdout
    )[0]
    name, _, tag = image.rpartition(":")
    bom = Bom(
        serial_number=uuid5(NAMESPACE_URL, about["Id"]),
        metadata=BomMetaData(
            timestamp=datetime.fromisoformat(re.sub(r"\.\d+", "", about["Created"]).replace("Z", "+00:00")),
            component=Component(type=ComponentType.CONTAINER, name=name, version=f"{tag}@{about['Id']}", bom_ref=image),
        ),
    )
    components = [*debian_packages(image), *python_packages(image), *(carried_packages(lock) if lock else ())]
    bom.components.update(components)
    bom.register_dependency(bom.metadata.component, components)  # type: ignore[arg-type]
    return JsonV1Dot6(bom).output_as_string(indent=1) + "\n"


def main() -> None:
    """Write a bill for each image that is built here, into dist/."""
    registry, tag = os.environ.get("REGISTRY", ""), os.environ.get("TAG") or "latest"
    for service in ("api", "nginx", "acme", "prometheus"):
        image = f"{registry}/" * bool(registry) + f"flaskrandom-{service}:{tag}"
        if subprocess.run(["docker", "image", "inspect", image], capture_output=True).returncode:
            print(f"skipped: there is no image {image}")
            continue
        path = Path("dist", f"flaskrandom-{service}.cdx.json")
        path.parent.mkdir(exist_ok=True)
        path.write_text(bill(image, Path("services/nginx/requirements.lock") if service == "nginx" else None))
        print(path)


if __name__ == "__main__":
    main()
