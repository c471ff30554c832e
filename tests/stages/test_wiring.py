"""dvc.yaml against what the stages really import, use and write."""

import ast
from functools import cache
from pathlib import Path

import grimp
import pytest
import yaml

from pipeline.files import is_public

ROOT = Path(__file__).parents[2]
STAGES = sorted(p.stem for p in (ROOT / "pipeline/stages").glob("*.py") if p.stem not in ("__init__", "wiring"))


def declaration(stage: str) -> dict:
    declared = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"][stage]
    return declared.get("do", declared)


def entries(declared: dict, kind: str) -> list[str]:
    return [next(iter(e)) if isinstance(e, dict) else e for e in declared.get(kind, [])]


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("pipeline", "data_schemas", cache_dir=None)


def has_code(path: Path) -> bool:
    return any(not isinstance(n, ast.Expr) for n in ast.parse(path.read_text()).body)


def file_of(module: str) -> Path:
    base = ROOT / module.replace(".", "/")
    return base / "__init__.py" if base.is_dir() else base.with_suffix(".py")


def imported_files(stage: str) -> set[str]:
    module = f"pipeline.stages.{stage}"
    found = {module} | graph().find_upstream_modules(module)
    packages = {m.rsplit(".", depth)[0] for m in found for depth in range(1, m.count(".") + 1)}
    files = {file_of(m) for m in found | packages}
    return {str(f.relative_to(ROOT)) for f in files if f.name != "__init__.py" or has_code(f)}


def string_arguments(stage: str, *methods: str) -> set[str]:
    calls = [n for n in ast.walk(ast.parse(file_of(f"pipeline.stages.{stage}").read_text())) if isinstance(n, ast.Call)]
    return {
        ast.literal_eval(c.args[0])
        for c in calls
        if isinstance(c.func, ast.Attribute) and c.func.attr in methods and isinstance(c.args[0], ast.Constant)
    }


def test_every_stage_file_is_declared_and_no_other():
    assert sorted(yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]) == STAGES


@pytest.mark.parametrize("stage", STAGES)
def test_every_imported_module_is_a_dependency_and_no_other(stage):
    deps = entries(declaration(stage), "deps")
    declared = {d for d in deps if d.endswith(".py") and "${key}" not in d}
    expected = {f for f in imported_files(stage) if f.split("/")[0] not in deps}
    lines = "\n".join(f"        - {f}" for f in sorted(expected))
    assert declared == expected, f"dvc.yaml, stage {stage}, should list these modules:\n{lines}"


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_depends_on_the_lock_and_its_schema(stage):
    deps = entries(declaration(stage), "deps")
    assert "requirements.lock" in deps
    uses_schema = "cohort()" in file_of(f"pipeline.stages.{stage}").read_text()
    assert ("data_schemas/${key}.py" in deps) == uses_schema


@pytest.mark.parametrize("stage", STAGES)
def test_parameters_are_those_used(stage):
    used = string_arguments(stage, "section")
    if "cohort_settings()" in file_of(f"pipeline.stages.{stage}").read_text():
        used.add("cohorts.${key}")
    outputs = [o for kind in ("outs", "metrics") for o in entries(declaration(stage), kind)]
    if any(o.startswith("reports/") and o.endswith((".json", ".csv")) for o in outputs):
        used.add("disclosure")  # by it every public file for machines is rounded
    outputs = [Path(o) for kind in ("outs", "metrics") for o in entries(declaration(stage), kind)]
    if any(is_public(path) and path.suffix in (".json", ".csv") for path in outputs):
        used.add("disclosure")  # counts are rounded
    assert set(declaration(stage)["params"]) == used


@pytest.mark.parametrize("stage", STAGES)
def test_files_are_those_read_and_written(stage):
    declared = declaration(stage)
    inputs = ("data/", "artifacts/", "reports/", "model_card.yaml")
    reads = {Path(d).name for d in entries(declared, "deps") if d.startswith(inputs)}
    writes = {Path(o).name for kind in ("outs", "metrics") for o in entries(declared, kind)}
    assert reads == string_arguments(stage, "read", "path") - {"requirements.lock"}
    assert {w for w in writes if "${key}" not in w} == string_arguments(stage, "write")


@pytest.mark.parametrize("stage", STAGES)
def test_only_the_cohort_name_reaches_the_shell(stage):
    command = declaration(stage)["cmd"]
    assert command == f"python -m pipeline.stages.{stage}" + ("" if stage == "index" else " ${key}")


@pytest.mark.parametrize("stage", STAGES)
def test_no_output_enters_the_cache_and_a_failure_keeps_the_last(stage):
    declared = declaration(stage)
    outputs = [o for kind in ("outs", "metrics") for o in declared.get(kind, [])]
    for output in outputs:
        [(path, options)] = output.items()
        assert options == {"cache": False, "persist": True}, path


def test_templates_and_languages_are_dependencies_of_what_renders_them():
    folders = {f"pipeline/reporting/{name}" for name in ("languages", "templates")}
    assert folders <= set(entries(declaration("index"), "deps"))


def test_a_report_that_names_the_code_depends_on_all_of_it():
    assert "pipeline" in entries(declaration("report"), "deps")
