"""What the audit says of planted vulnerabilities and licences, and of this very lock."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import requires
from pathlib import Path

import pytest
from click.testing import CliRunner
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy import audit, licences
from tests.deploy.pages import ROOT

HASH = "ab" * 32
FAULT = {
    "id": "PLANTED-1",
    "summary": "made up",
    "affected": [
        {
            "package": {"name": "tqdm", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.2.4"}]}],
        }
    ],
}


class Answers(BaseHTTPRequestHandler):
    """A source of vulnerabilities that knows of one, or breaks off after the first question."""

    asked: list[str]
    code: int

    def do_POST(self) -> None:
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = question["package"]["name"]
        type(self).asked.append(name)
        code = 200 if name == "pip" else self.code
        self.send_response(code)
        self.end_headers()
        self.wfile.write(json.dumps({"vulns": [FAULT]} if name == "tqdm" and code == 200 else {}).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def source() -> Iterator[tuple[str, type[Answers]]]:
    answers = type("Planted", (Answers,), {"asked": [], "code": 200})
    with ThreadingHTTPServer(("127.0.0.1", 0), answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query", answers
        server.shutdown()


def write_lock(folder: Path, *pinned: str) -> Path:
    path = folder / "planted.lock"
    path.write_text("".join(f"{each} \\\n    --hash=sha256:{HASH}\n" for each in pinned))
    return path


@pytest.fixture
def run(tmp_path, monkeypatch):
    """The whole audit, in a folder of its own, with no licences to read but planted ones."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(audit, "read_licences", lambda: PLANTED)
    return lambda lock, source: CliRunner().invoke(audit.main, ["--lock", str(lock), "--source", source])


PLANTED = [licences.Licence("free", "1", True, "MIT", licences.ALLOWED)]


def test_a_known_vulnerability_is_told_and_ends_with_1(run, tmp_path, source):
    done = run(write_lock(tmp_path, "tqdm==1.2.3", "click==2.0"), source[0])
    assert done.exit_code == 1
    assert "tqdm 1.2.3: PLANTED-1, mended in 1.2.4" in done.output
    assert "click" not in done.output
    assert set(source[1].asked) == {"pip", "tqdm", "click"}


def test_where_none_is_known_it_ends_with_0(run, tmp_path, source):
    done = run(write_lock(tmp_path, "click==2.0"), source[0])
    assert done.exit_code == 0
    assert "no vulnerability is known" in done.output


def test_a_source_that_breaks_off_is_not_taken_for_a_clean_bill(run, tmp_path, source):
    source[1].code = 500
    done = run(write_lock(tmp_path, "click==2.0"), source[0])
    assert done.exit_code == 2
    assert "nothing is known of vulnerabilities" in done.output


@pytest.mark.parametrize("place", ["http://127.0.0.1:1/v1/query", "http://no-such-host.invalid/v1/query"])
def test_a_source_out_of_reach_is_said_and_ends_with_0(run, tmp_path, place):
    done = run(write_lock(tmp_path, "tqdm==1.2.3"), place)
    assert done.exit_code == 0
    assert "no vulnerability source is reachable; nothing was audited" in done.output
    assert "no vulnerability is known" not in done.output


@pytest.mark.parametrize("pinned", ["loose>=1", "loose"])
def test_what_is_not_pinned_is_refused(run, tmp_path, pinned):
    done = run(write_lock(tmp_path, pinned), "http://127.0.0.1:1/")
    assert done.exit_code == 2
    assert "loose" in done.output


def test_a_refused_licence_of_what_runs_ends_with_1(run, tmp_path, monkeypatch):
    bound = [
        licences.Licence(name, "1", name == "bound", "GPL-3.0-only", licences.REFUSED) for name in ("bound", "tool")
    ]
    monkeypatch.setattr(audit, "read_licences", lambda: PLANTED + bound)
    done = run(write_lock(tmp_path, "click==2.0"), "http://127.0.0.1:1/")
    assert done.exit_code == 1
    assert "bound 1 runs with the pipeline; refused licence: GPL-3.0-only" in done.output
    assert "tool" not in done.output
    rows = (tmp_path / "build/licences.csv").read_text().splitlines()
    assert rows[0] == "package,version,runtime,licence,verdict"
    assert len(rows) == 4


def test_the_bill_has_every_package_of_the_lock_with_its_hashes_and_is_the_same_again(tmp_path):
    for name in ("one.json", "two.json"):
        count = audit.write_bill(ROOT / "requirements.lock", tmp_path / name)
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    bill = json.loads((tmp_path / "one.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    pinned = {f"pkg:pypi/{n}@{v}": h for n, v, h in audit.read_lock(ROOT / "requirements.lock")}
    listed = {each["purl"]: {h["content"] for h in each["hashes"]} for each in bill["components"]}
    assert listed.keys() == pinned.keys()
    assert len(listed) == count > 100
    assert all(listed[purl] == set(hashes) for purl, hashes in pinned.items())
    [ours] = [each for each in bill["dependencies"] if "dependsOn" in each]
    direct = {name.split("@")[0].removeprefix("pkg:pypi/") for name in ours["dependsOn"]}
    assert {"xgboost", "pandas", "pytest"} <= direct
    named = {canonicalize_name(Requirement(each).name) for each in requires("clinrisk")}
    assert direct == named & {purl.split("@")[0].removeprefix("pkg:pypi/") for purl in pinned}


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("MIT", licences.ALLOWED),
        ("LGPL-3.0-only", licences.ALLOWED),
        ("GNU Lesser General Public License v3 (LGPLv3)", licences.ALLOWED),
        ("Apache License, Version 2.0", licences.ALLOWED),
        ("EPL-2.0 OR GPL-2.0-or-later", licences.ALLOWED),
        ("GPLv2 | EPLv1", licences.ALLOWED),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", licences.ALLOWED),
        ("GPL-3.0-or-later", licences.REFUSED),
        ("GPLv3+", licences.REFUSED),
        ("AGPL-3.0", licences.REFUSED),
        ("GNU General Public License v2 (GPLv2)", licences.REFUSED),
        ("GNU Affero General Public License v3", licences.REFUSED),
        ("GPL-3.0-only AND (MIT OR BSD-3-Clause)", licences.REFUSED),
        ("MIT OR (BSD-3-Clause AND GPL-3.0-only)", licences.ALLOWED),
        ("GPL-2.0-only WITH Classpath-exception-2.0", licences.REFUSED),
    ],
)
def test_licences_are_judged_by_what_they_bind(claim, verdict):
    assert licences.judge(claim) == verdict


@pytest.mark.parametrize(
    ("claims", "found"),
    [
        (
            ["", "Dual License", "BSD License AND Apache Software License"],
            ("BSD License AND Apache Software License", "allowed"),
        ),
        (["", "", ""], ("", "unknown")),
        (["LicenseRef-House", ""], ("LicenseRef-House", "unknown")),
        (["GPL-3.0-only", "MIT"], ("GPL-3.0-only", "refused")),
    ],
)
def test_the_first_claim_that_says_something_counts(claims, found):
    assert licences.judge_package("some", claims) == found


def test_of_this_environment_nothing_that_runs_is_refused():
    found = {each.package: each for each in licences.read_licences()}
    assert "clinrisk" not in found
    assert [each for each in found.values() if each.runtime and each.verdict == licences.REFUSED] == []
    assert {each.package for each in found.values() if each.runtime} >= {"xgboost", "pandas", "psycopg-binary", "dvc"}
    assert not {"pytest", "mypy", "pip-audit", "uv"} & {each.package for each in found.values() if each.runtime}
    assert found["pandas"].licence == "BSD-3-Clause"
    assert set(licences.EXCEPTIONS) <= set(found)
