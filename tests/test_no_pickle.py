"""No file that the software reads can run code: no pickle is written, and one that is planted is refused unread.

What workers of a cluster are sent is pickled on its way by Dask; that none of it comes to a disk, `test_cluster` says.
"""

import ast
import os
import pickle
from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError
from pipeline.operations.model_file import read_model
from pipeline.operations.releases.store import Store
from pipeline.settings import load_cohort

ROOT = Path(__file__).parents[1]
SOURCES = sorted(path for room in ("pipeline", "data_schemas", "deploy") for path in (ROOT / room).rglob("*.py"))
UNSAFE = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "marshal", "shelve", "skops"}
UNSAFE_CALLS = {"read_pickle", "to_pickle", "unsafe_load", "full_load"}
COHORT = "breast_cancer_diagnosis"


class Payload:
    """Makes a folder where it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.folder),)


def find_unsafe(tree: ast.AST) -> set[str]:
    """What in some code could run what a file says."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names} & UNSAFE
        elif isinstance(node, ast.ImportFrom):
            module, names = (node.module or "").split(".")[0], {alias.name for alias in node.names}
            found |= ({module} & UNSAFE) | ({"joblib"} if module == "joblib" and names & {"load", "dump"} else set())
        elif isinstance(node, ast.Attribute) and node.attr in UNSAFE_CALLS:
            found.add(node.attr)
        elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            found.add("allow_pickle")
    return found


def test_no_code_reads_or_writes_what_could_run() -> None:
    found = {path.name: find_unsafe(ast.parse(path.read_text(encoding="utf-8"))) for path in SOURCES}
    assert len(found) > 100
    assert {name: unsafe for name, unsafe in found.items() if unsafe} == {}


@pytest.mark.parametrize(
    "code",
    ["import pickle", "from pickle import loads", "import skops.io", "from joblib import load", "pd.read_pickle(x)",
     "np.load(x, allow_pickle=True)", "yaml.unsafe_load(x)"],
)  # fmt: skip
def test_what_could_run_is_seen(code: str) -> None:
    assert find_unsafe(ast.parse(code))


def test_a_pickle_in_the_place_of_a_model_is_refused_and_never_runs(tmp_path: Path) -> None:
    planted, ran = tmp_path / "model.json", tmp_path / "ran"
    planted.write_bytes(pickle.dumps(Payload(ran)))
    with pytest.raises(ConfigurationError, match="is no model file"):
        read_model(planted, load_cohort(COHORT))
    assert not ran.exists()
    pickle.loads(planted.read_bytes())  # noqa: S301 - our own, to see that it would run
    assert ran.exists(), "the payload works where it is read"


def test_a_pickle_planted_in_a_release_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.json").write_text("{}")
    store = Store.of("ward")
    store.use(store.add({"model.json": tmp_path / "model.json"}, {}))
    (store.folder / "current" / "model.json").write_bytes(pickle.dumps(Payload(tmp_path / "ran")))
    with pytest.raises(ConfigurationError, match=r"model\.json has been changed, so nothing of it was read"):
        store.champion()
    assert not (tmp_path / "ran").exists()
