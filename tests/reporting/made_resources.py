"""What stages took, made up."""

from typing import Any

from pipeline.reporting.resources import STAGES

GIGABYTE = 1_000_000_000


def make_resources(*stages: str) -> dict[str, dict[str, Any]]:
    """The profiles of `stages`, or of all that a report shows and of the report itself, each larger than the last."""
    return {
        stage: {
            "stage": stage, "cohort": "made_up", "wall_seconds": 10.25 * step, "cpu_seconds": 20.5 * step,
            "largest_bytes": step * GIGABYTE, "together_bytes": 2 * step * GIGABYTE, "records": 31_337,
            "engine": "local", "cores": 2, "memory_bytes": 16 * GIGABYTE, "versions": {"python": "3.11.7"},
        }
        for step, stage in enumerate(stages or (*STAGES, "report"), start=1)
    }  # fmt: skip
