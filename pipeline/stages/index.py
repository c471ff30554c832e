"""Stage `index`: the page from which every report is found."""

from pipeline.files import read_json
from pipeline.reporting import render_index, speaking
from pipeline.stages.wiring import Stage, run


def main(stage: Stage) -> None:
    """Render the index over the cohorts of `params.yaml`, in their order."""
    folder = stage.path("summaries")
    summaries = [read_json(folder / f"{name}.json") for name in stage.section("cohorts")]
    with speaking(stage.section("report").language):
        stage.write("index.html", render_index(summaries))


if __name__ == "__main__":
    run("index", main)
