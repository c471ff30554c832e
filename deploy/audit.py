"""What this software is built from: known vulnerabilities, a bill of materials, and the licence of every package.

`make audit` runs it from the root of the repository. It stands here, and not in `pipeline/`, since it looks at the lock
and the environment and never at records, and needs libraries that only developers install.
"""

import importlib.metadata
import json
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.licences import REFUSED, UNKNOWN, read_licences, write_licences

LOCK = Path("requirements.lock")
BUILD = Path("build")
SOURCE = "https://api.osv.dev/v1/query"
PROBE = {"package": {"name": "pip", "ecosystem": "PyPI"}, "version": "26.0"}
UNREACHABLE = "no vulnerability source is reachable; nothing was audited"
SECONDS = 10


class AuditError(Exception):
    """The audit could not be done; its text says why."""


def find_vulnerabilities(lock: Path, source: str = SOURCE) -> list[str] | None:
    """A sentence for each known vulnerability of what `lock` pins; None where `source` cannot be reached.

    `source` answers as https://api.osv.dev/v1/query does. Raises AuditError where pip-audit does not finish.
    """
    if not _answers(source):
        return None
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder, "audit.json")
        options = ["--strict", "--disable-pip", "--require-hashes", "--progress-spinner", "off", "--desc", "off"]
        where = ["--vulnerability-service", "osv", "--osv-url", source, "--format", "json", "--output", str(told)]
        command = [sys.executable, "-m", "pip_audit", *options, *where, "--requirement", str(lock)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
        if not told.exists():
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise AuditError(f"pip-audit did not finish, so nothing is known of vulnerabilities: {last}")
        audited = json.loads(told.read_text(encoding="utf-8"))["dependencies"]
    if skipped := [each["name"] for each in audited if "skip_reason" in each]:
        raise AuditError(f"pip-audit left out {', '.join(skipped)}, so their vulnerabilities are not known")
    return [_tell(each, fault) for each in audited for fault in each["vulns"]]


def _answers(source: str) -> bool:
    """Whether a source of vulnerabilities is there, and not a proxy that answers in its place."""
    asked = urllib.request.Request(  # noqa: S310 - https, or a server of the house
        source, json.dumps(PROBE).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(asked, timeout=SECONDS) as answer:  # noqa: S310 - as above
            return isinstance(json.load(answer), dict)
    except (OSError, ValueError):
        return False


def _tell(package: dict[str, Any], fault: dict[str, Any]) -> str:
    mended = f"mended in {', '.join(fault['fix_versions'])}" if fault["fix_versions"] else "not mended yet"
    return f"{package['name']} {package['version']}: {fault['id']}, {mended}"


def write_bill(lock: Path, target: Path) -> int:
    """Write what `lock` pins as a CycloneDX 1.6 bill of materials in JSON; returns the number of components.

    The same lock gives the same bytes: no time and no random serial number.
    """
    from cyclonedx.model import HashAlgorithm, HashType
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.output.json import JsonV1Dot6
    from packageurl import PackageURL

    version = importlib.metadata.version("clinrisk")
    bom, ours = Bom(), Component(type=ComponentType.APPLICATION, name="clinrisk", version=version, bom_ref="clinrisk")
    bom.metadata.component = ours
    for name, pinned, hashes in read_lock(lock):
        found = [HashType(alg=HashAlgorithm.SHA_256, content=each) for each in hashes]
        purl = PackageURL("pypi", None, name, pinned)
        bom.components.add(Component(name=name, version=pinned, purl=purl, bom_ref=str(purl), hashes=found))
    wanted = {canonicalize_name(Requirement(each).name) for each in importlib.metadata.requires("clinrisk") or []}
    bom.register_dependency(ours, [each for each in bom.components if canonicalize_name(each.name) in wanted])
    content = json.loads(JsonV1Dot6(bom).output_as_string())
    del content["serialNumber"], content["metadata"]["timestamp"]
    target.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return len(content["components"])


def read_lock(lock: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Name, version and SHA-256 of the files of each package that `lock` pins. Raises AuditError where one is not."""
    from pip_requirements_parser import RequirementsFile

    read = RequirementsFile.from_file(str(lock))
    if read.invalid_lines or not read.requirements:
        raise AuditError(f"{lock} cannot be read; `make lock` writes it")
    for each in read.requirements:
        hashes = [given.removeprefix("sha256:") for given in each.hash_options]
        if not each.is_pinned or not hashes:
            raise AuditError(f"{lock} pins {each.name} to no version or hash; `make lock` does")
        yield each.name, each.get_pinned_version, hashes


@click.command()
@click.option(
    "--source", default=SOURCE, show_default=True, help="Where vulnerabilities are asked for: OSV, or a mirror."
)
@click.option("--lock", default=LOCK, type=click.Path(path_type=Path), show_default=True, help="What is audited.")
def main(source: str, lock: Path) -> None:
    """Audit what this software is built from.

    Ends with 1 where a vulnerability is known or a licence refused, with 2 where the audit could not be done.
    """
    BUILD.mkdir(exist_ok=True)
    try:
        count = write_bill(lock, BUILD / "sbom.json")
        click.echo(f"{count} packages are in {BUILD / 'sbom.json'}")
        refused = _audit_licences()
        known = find_vulnerabilities(lock, source)
    except AuditError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)
    for sentence in [UNREACHABLE] if known is None else known or [f"no vulnerability is known of what {lock} pins"]:
        click.echo(sentence)
    sys.exit(1 if known or refused else 0)


def _audit_licences() -> bool:
    """Write all licences; say which of those that run are refused or not known, and return whether any is refused."""
    found = read_licences()
    write_licences(found, BUILD / "licences.csv")
    click.echo(f"{len(found)} licences are in {BUILD / 'licences.csv'}")
    for each in found:
        if each.runtime and each.verdict in {REFUSED, UNKNOWN}:
            click.echo(f"{each.package} {each.version} runs with the pipeline; {each.verdict} licence: {each.licence}")
    return any(each.runtime and each.verdict == REFUSED for each in found)


if __name__ == "__main__":
    main()
