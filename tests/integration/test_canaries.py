"""Values of single patients, planted in a cohort: none leaves the restricted folders, whatever succeeds or fails."""

import base64
import html
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.integration.canaries import CANARIES, DATES, IDS, LABS, NAMES, SCHEMA, find_canaries, make_ward
from tests.integration.tiny import add_cohort, clone, repro

pytestmark = pytest.mark.slow

FROM = "2018-01-01"
SOURCE = "data/incoming/ward.csv"
MARK = "-- ended with "
DRIVER = f"""
import json, runpy, sys

stops, *commands = map(json.loads, sys.argv[1:])
for command in commands:
    sys.argv, code = command, 0
    try:
        runpy.run_module(command[0], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code or 0
    sys.stdout.flush()
    print(f"\\n{MARK}{{code}}", flush=True)
    if code and stops:
        break
"""


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A clone in which the pipeline ran over a ward that holds the canaries, and what it said."""
    target = clone(tmp_path_factory.mktemp("canaries"))
    add_cohort(target, "ward", make_ward())
    (target / "data_schemas/ward.py").write_text(SCHEMA)
    (target / "data_schemas/tiny.py").unlink()
    params = yaml.safe_load((target / "params.yaml").read_text())
    del params["cohorts"]["tiny"]
    params["cohorts"]["ward"]["test_from"] = FROM
    (target / "params.yaml").write_text(yaml.safe_dump(params))
    result = repro(target)
    assert result.returncode == 0, result.stdout + result.stderr
    return target, result.stdout + result.stderr


def call(target: Path, *commands: tuple[str, ...], until_one_fails: bool = False) -> list[tuple[int, str]]:
    """Run commands of the clone one after another in one process; of each its code and all it said."""
    driver = [sys.executable, "-c", DRIVER, json.dumps(until_one_fails), *map(json.dumps, commands)]
    done = subprocess.run(driver, cwd=target, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
    *parts, rest = done.stdout.split(MARK)
    codes = [int(part.split("\n")[0]) for part in [*parts[1:], rest]]
    assert len(codes) == len(commands) or (until_one_fails and codes[-1])
    return list(zip(codes, parts, strict=True))


@contextmanager
def kept(target: Path) -> Iterator[None]:
    """Put all records and results back as they were."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("data", "artifacts"):
            shutil.copytree(target / name, Path(folder, name))
        try:
            yield
        finally:
            for name in ("data", "artifacts"):
                shutil.rmtree(target / name)
                shutil.copytree(Path(folder, name), target / name)


def test_the_canaries_are_fifty_and_in_the_records(ward: tuple[Path, str]) -> None:
    assert len(set(CANARIES)) == 50
    restricted = pd.read_parquet(ward[0] / "data/ward/raw.parquet").to_csv()
    assert set(find_canaries(restricted)) == set(CANARIES)


@pytest.mark.parametrize("canary", [IDS[0], NAMES[1], DATES[2], LABS[3]])
@pytest.mark.parametrize(
    "hide",
    [
        str,
        lambda text: f"before{text} after",
        lambda text: "".join(f"&#{ord(letter)};" for letter in text),
        lambda text: html.escape(text).replace("-", "%2D").replace(" ", "%20").replace(".", "%2E"),
        lambda text: base64.b64encode(f"x{text}".encode()).decode(),
        lambda text: "data:text/plain;base64," + base64.b64encode(f'{{"xy": "{text}"}}'.encode()).decode(),
        lambda text: "".join(f"\\u{ord(letter):04x}" for letter in text),
    ],
)
def test_the_search_finds_them_in_disguise(canary: str, hide: Callable[[str], str]) -> None:
    assert find_canaries(f'<p title="{hide(" " + canary)}">') == [canary]
    assert find_canaries(hide(" nothing here 19.31 ")) == []


def test_nothing_published_or_said_holds_one(ward: tuple[Path, str]) -> None:
    target, said = ward
    assert find_canaries(said) == []
    pages = [path for path in (target / "reports").rglob("*") if path.is_file()]
    assert {path.suffix for path in pages} >= {".html", ".json", ".csv", ".md"}
    found = {str(path.relative_to(target)): find_canaries(path.read_text(encoding="utf-8")) for path in pages}
    assert {name: held for name, held in found.items() if held} == {}


def spoil(column: str, value: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Every record has `value` in `column`, made its own by its number."""
    return lambda table: table.assign(**{column: [f"{value}{i if column == 'x' else ''}" for i in range(len(table))]})


SPOILT = {
    "a name where a number belongs": spoil("age", NAMES[0]),
    "a laboratory value where a code belongs": spoil("region", LABS[0]),
    "a name where a date belongs": spoil("born", NAMES[2]),
    "a date that cannot be": spoil("seen", DATES[1]),
    "an identifier where the outcome belongs": spoil("died", IDS[3]),
    "one patient with contradicting records": spoil("patient_id", IDS[4]),
    "values beyond the range": spoil("potassium", "93.3117"),
    "nobody has the event": spoil("died", "0"),
    "a column is missing": lambda table: table.drop(columns="age"),
    "a column's name is a patient's": lambda table: table.rename(columns={"age": NAMES[5]}),
    "a column stands twice": lambda table: pd.concat([table, table["name"].rename("age")], axis=1),
    "no records": lambda table: table.head(0),
    "few records": lambda table: table.head(12),
}


@pytest.mark.parametrize("fault", SPOILT)
def test_a_refused_table_tells_none(ward: tuple[Path, str], fault: str) -> None:
    target, _ = ward
    with kept(target):
        SPOILT[fault](make_ward()).to_csv(target / SOURCE, index=False)
        stages = [(f"pipeline.stages.{stage}", "ward") for stage in ("ingest", "validate", "split", "imaging", "train")]
        found = call(target, *stages, until_one_fails=True)
    told = "".join(said for _, said in found)
    assert found[-1][0] in {2, 3}, told
    assert find_canaries(told) == []


@pytest.mark.parametrize(
    "content",
    [
        "\0".join(CANARIES).encode(),
        ("patient_id,name\n" + "\n".join(",".join(CANARIES[:n]) for n in range(1, 40))).encode(),
        ('"' + "\n".join(CANARIES)).encode(),
        "\n".join(CANARIES).encode("utf-16"),
        b"\xff\xfe\x81" + "\n".join(CANARIES).encode(),
        b"",
    ],
)
def test_a_broken_file_tells_none(ward: tuple[Path, str], content: bytes) -> None:
    target, _ = ward
    with kept(target):
        (target / SOURCE).write_bytes(content)
        score = ("pipeline", "score", "ward", "--from", SOURCE, "--out", "data/out.csv")
        found = call(target, ("pipeline.stages.ingest", "ward"), score)
    assert [code for code, _ in found] == [3, 3], found
    assert find_canaries("".join(said for _, said in found)) == []


@pytest.mark.parametrize("file", ["data/ward/valid.parquet", "artifacts/ward/model.json"])
def test_a_file_broken_between_stages_tells_none(ward: tuple[Path, str], file: str) -> None:
    target, _ = ward
    with kept(target):
        (target / file).write_bytes("\n".join(CANARIES).encode())
        found = call(target, *[(f"pipeline.stages.{stage}", "ward") for stage in ("cluster", "evaluate", "explain")])
    assert any(code for code, _ in found)
    assert find_canaries("\n".join(said for _, said in found)) == []


def test_commands_tell_none(ward: tuple[Path, str]) -> None:
    """What is written for the patients' own clinic stays in the files asked for, which git does not take."""
    target, _ = ward
    (target / "data/list.txt").write_text("\n".join([*IDS[:3], "nobody"]))
    commands = {
        ("score", "ward", "--from", SOURCE, "--out", "data/risks.csv", "--evaluate", "data/figures.json"): 0,
        ("patient", "ward", IDS[0], "--out", "data/one.html"): 0,
        ("patient", "ward", "--list", "data/list.txt", "--out-folder", "data/pages"): 3,
        ("patient", "ward", IDS[1], "--out", f"reports/{IDS[1]}.html"): 2,
        ("synth", "ward", "--rows", "500", "--out", "data/synthetic.csv"): 0,
        ("new-cohort", "drafted", "--from", SOURCE, "--outcome", "died"): 0,
        ("doctor",): 2,
    }
    called = call(target, *[("pipeline", *command) for command in commands])
    for (command, expected), (code, said) in zip(commands.items(), called, strict=True):
        assert code == expected, f"{command}: {said}"
        named = {canary for canary in find_canaries(said) if canary not in command[-1]}
        assert named == set(), command
    assert find_canaries((target / "data/figures.json").read_text()) == []
    made = set(find_canaries((target / "data/synthetic.csv").read_text()))
    assert made <= set(DATES)  # days are drawn from the whole range that the schema declares, these among them


def test_git_would_take_none(ward: tuple[Path, str]) -> None:
    target, _ = ward
    subprocess.run(["git", "add", "-A"], cwd=target, check=True)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=target, check=True, capture_output=True, text=True).stdout
    ours = {"tests/integration/canaries.py"}
    names = [name for name in listed.split("\0") if name and name not in ours]
    assert "data_schemas/drafted.py" in names
    for name in names:
        assert find_canaries(name) == [], name
        if name.startswith(("tests/corpus", "data/demo")) or Path(target / name).suffix in {".png"}:
            continue
        assert find_canaries((target / name).read_text(encoding="utf-8", errors="replace")) == [], name
