"""Stage `validate`: typed, checked and pseudonymised records; what breaks a rule goes to quarantine."""

from pipeline.progress import log
from pipeline.records.identity import read_key
from pipeline.records.quarantine import validate_records
from pipeline.stages.wiring import Stage, run


def main(stage: Stage) -> None:
    """Part the records into valid and quarantined, and count both."""
    entry, settings = stage.cohort_settings(), stage.section("validate")
    here = stage.folder("images")
    validated = validate_records(
        stage.read("raw.parquet"),
        stage.cohort(),
        settings.model_copy(update={"pseudonym_key": read_key(settings)}),
        decimal=getattr(entry.source, "decimal", "."),
        last_release_records=entry.last_release_records,
        images=entry.images,
        scratch=here,
    )
    stage.write("valid.parquet", validated.valid)
    stage.write("quarantine.parquet", validated.quarantine)
    stage.write("images", validated.write_images)
    stage.write("validation.json", validated.summary)
    log(f"{validated.summary['valid']} of {validated.summary['rows_in']} records are valid")


if __name__ == "__main__":
    run("validate", main)
