"""Stage `validate`: typed, checked and pseudonymised records; what breaks a rule goes to quarantine."""

from pipeline.engine import start_engine
from pipeline.files import scratch_folder
from pipeline.progress import log
from pipeline.records.identity import read_key
from pipeline.records.quarantine import Place, validate_parts
from pipeline.row_groups import list_row_groups
from pipeline.stages.wiring import Stage, run


def main(stage: Stage) -> None:
    """Part the records into valid and quarantined, and count both."""
    entry, settings, at = stage.cohort_settings(), stage.section("validate"), stage.section("engine")
    with start_engine(at) as engine, scratch_folder(stage.folder("images") / "validate") as scratch:
        validated = validate_parts(
            list_row_groups(stage.path("raw.parquet")),
            stage.cohort(),
            settings.model_copy(update={"pseudonym_key": read_key(settings)}),
            Place(engine, at.rows, scratch.absolute()),
            decimal=getattr(entry.source, "decimal", "."),
            last_release_records=entry.last_release_records,
            images=entry.images,
        )
        stage.write("valid.parquet", validated.write_valid)
        stage.write("quarantine.parquet", validated.write_quarantine)
        stage.write("images", validated.write_images)
        stage.write("validation.json", validated.summary)
    log(f"{validated.summary['valid']} of {validated.summary['rows_in']} records are valid")


if __name__ == "__main__":
    run("validate", main)
