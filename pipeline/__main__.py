"""The command line: `python -m pipeline COMMAND`, also installed as `clinrisk`."""

import os
import sys
import traceback
from pathlib import Path
from typing import Any

import click

from pipeline.errors import EXIT_INTERNAL, ClinriskError, say_unforeseen


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="clinrisk")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """Clinical risk models, phenotypes and explained offline reports.

    Build everything with `dvc repro`; open reports/index.html.
    """


@cli.command()
def doctor() -> None:
    """Say whether this machine and the configuration are fit, and how to mend what is not."""
    from pipeline.operations.doctor import examine

    findings = examine()
    for finding in findings:
        click.echo(f"{'ok   ' if finding.fit else 'FAULT'}  {finding.sentence}")
        if finding.cure:
            click.echo(f"       cure: {finding.cure}")
    faults = sum(not finding.fit for finding in findings)
    click.echo(f"{faults} fault{'' if faults == 1 else 's'} found." if faults else "Everything is fit.")
    sys.exit(2 if faults else 0)


@cli.command("new-cohort")
@click.argument("name")
@click.option("--from", "path", required=True, type=click.Path(), help="A .csv, .tsv, .csv.gz, .parquet or .xlsx file.")
@click.option("--outcome", help="The column that holds the outcome; guessed if not given.")
@click.option("--event", help="The code in it that means the event; guessed if not given.")
@click.option("--delimiter", help="What parts the fields of a text file.  [default: ,]")
@click.option("--decimal", type=click.Choice([".", ","]), help="Its decimal mark.  [default: .]")
@click.option("--encoding", help="The text file's encoding.  [default: utf-8]")
@click.option("--sheet", help="The workbook's sheet, if it has several.")
def new_cohort(name: str, path: str, outcome: str | None, event: str | None, **source: str | None) -> None:
    """Draft data_schemas/NAME.py from a file, for a person to confirm."""
    from pipeline.operations.new_cohort import draft_cohort

    given = {"path": path} | {key: value for key, value in source.items() if value}
    schema, guesses = draft_cohort(name, given, outcome, event)
    click.echo(f"Drafted {schema} with {guesses} guesses, and an entry in params.yaml.")
    click.echo("Check each guess, then delete its name from `guessed=(...)`. Nothing is trained before that.")


@cli.command()
@click.argument("cohort")
@click.option("--rows", type=click.IntRange(1, 10_000_000), default=10_000, show_default=True, help="Records to make.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A new .csv or .parquet file.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="The same seed, the same table.")
@click.option("--event-share", type=click.FloatRange(0.001, 0.999), default=0.2, show_default=True, help="Mean risk.")
def synth(cohort: str, rows: int, out: Path, seed: int, event_share: float) -> None:
    """Make a synthetic table of COHORT, with the risk function behind it in a file beside it."""
    from pipeline.operations.synth import write_synthetic

    os.umask(0o077)
    truth = write_synthetic(cohort, rows, out, seed, event_share)
    click.echo(f"Wrote {rows:,} made-up records to {out} and their risk function to {truth}.")


@cli.command("synth-radiographs")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A new folder.")
@click.option("--patients", type=click.IntRange(1, 1_000_000), default=600, show_default=True, help="Patients to make.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="The same seed, the same bytes.")
@click.option("--dicom", is_flag=True, help="DICOM files instead of PNG.")
def synth_radiographs(out: Path, patients: int, seed: int, dicom: bool) -> None:
    """Make synthetic chest radiographs, with records and lesions of known place, for the cohort of that name."""
    from pipeline.operations.radiographs import Radiographs, write_radiographs

    os.umask(0o077)
    write_radiographs(out, Radiographs(patients, seed, dicom))
    click.echo(f"Wrote {patients:,} made-up records, their radiographs and the truth behind them to {out}.")


@cli.command()
@click.argument("cohort")
@click.option("--from", "path", required=True, type=click.Path(), help="A file of new patients, or a .sql query.")
@click.option("--url-from", metavar="VARIABLE", help="What holds the address of the query's database, if not declared.")
@click.option("--out", type=click.Path(path_type=Path), help="A new .csv or .parquet file for risks.")
@click.option("--to-table", "table", metavar="NAME", help="A new table for risks instead, in a database.")
@click.option("--to-url-from", metavar="VARIABLE", help="What holds its address.  [default: that of --url-from]")
@click.option("--factors", type=click.IntRange(0, 20), help="Predictors that say most of each risk.  [default: 3]")
@click.option("--model", type=click.Path(path_type=Path), help="[default: that in use, or of `dvc repro` before any]")
@click.option("--evaluate", type=click.Path(path_type=Path), help="A new .json file for figures, from known outcomes.")
@click.option("--recalibrated", type=click.Path(path_type=Path), help="A new .json file for the model, recalibrated.")
def score(cohort: str, path: str, model: Path | None, **more: Any) -> None:
    """Give new patients of COHORT their risks; where outcomes are known, say how well the risks hold."""
    from pipeline.operations.score import score_file
    from pipeline.operations.scoring.places import Places

    if (more["out"] is None) == (more["table"] is None):
        raise click.UsageError("Missing option '--out' or '--to-table', or both are given; expected one of them.")
    os.umask(0o077)
    places = Places(
        more["out"], more["evaluate"], more["recalibrated"], more["table"], more["to_url_from"] or more["url_from"]
    )
    given = {name: more[name] for name in ("url_from", "factors") if more[name] is not None}
    for sentence in score_file(cohort, path, places, model, **given):
        click.echo(sentence)


@cli.command()
@click.argument("cohort")
@click.argument("identifier", required=False)
@click.option("--out", type=click.Path(path_type=Path), help="A new .html file, for one patient.")
@click.option("--list", "listed", type=click.Path(path_type=Path), help="A text file, one identifier a line.")
@click.option("--out-folder", type=click.Path(path_type=Path), help="A new folder, for the patients on a list.")
@click.option("--from", "path", type=click.Path(), help="Records of new patients.  [default: those of `dvc repro`]")
@click.option("--model", type=click.Path(path_type=Path), help="[default: that in use, or of `dvc repro` before any]")
@click.option("--what-if", "asked", type=(str, float), multiple=True, metavar="NAME VALUE", help="A change to try.")
def patient(
    cohort: str, identifier: str | None, out: Path | None, listed: Path | None, out_folder: Path | None, **more: Any
) -> None:
    """Make an offline page of the patient IDENTIFIER of COHORT, or of each on a list."""
    from pipeline.operations.patient import ask_for_pages

    os.umask(0o077)
    for sentence in ask_for_pages(cohort, (identifier, out), (listed, out_folder), **more):
        click.echo(sentence)


@cli.command()
@click.argument("cohorts", nargs=-1)
@click.option("--accept", is_flag=True, help="A person has looked, and accepts what the gates hold against it.")
def retrain(cohorts: tuple[str, ...], accept: bool) -> None:
    """Build COHORTS, or all, anew and apart; release those that pass every gate, and keep the champion of others."""
    from pipeline.operations.lock import hold

    os.umask(0o077)
    with hold():  # before what takes seconds to import: who finds it held ends at once
        from pipeline.operations.retraining.run import retrain as run

        summary, exit_code = run(cohorts, accepted=accept)
    click.echo(summary)
    sys.exit(exit_code)


@cli.command()
@click.argument("cohort")
@click.option("--from", "path", type=click.Path(), help="Records of new patients.  [default: those of `dvc repro`]")
@click.option("--release", help="Its name or number.  [default: the one in use]")
@click.option("--out", type=click.Path(path_type=Path), help="A new .json file for all figures.")
def drift(cohort: str, path: str | None, release: str | None, out: Path | None) -> None:
    """Say whether patients of COHORT are still like those who taught the released model; exit code 4 where not."""
    from pipeline.errors import GateFailedError
    from pipeline.operations.drift import find_drift

    os.umask(0o077)
    found = find_drift(cohort, path, release, out)
    for sentence in found["sentences"]:
        click.echo(sentence)
    if found["beyond"]:
        raise GateFailedError(f"{cohort}: patients have drifted beyond bounds; look into each figure above")


@cli.command()
@click.argument("cohort")
@click.argument("action", type=click.Choice(["list", "show", "diff", "verify", "rollback", "pin", "unpin"]))
@click.argument("names", nargs=-1)
def releases(cohort: str, action: str, names: tuple[str, ...]) -> None:
    """List the releases of COHORT, or show, diff, verify, roll back to or pin those named, by name or number."""
    from pipeline.operations.releases.commands import ask

    os.umask(0o077)
    for line in ask(cohort, action, names):
        click.echo(line)


def main() -> None:
    """Run the command line; a foreseen error is one line on standard error and its own exit code."""
    debug = "--debug" in sys.argv
    try:
        cli()
    except ClinriskError as error:
        if debug:
            traceback.print_exc()
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_code)
    except Exception as error:
        if debug:
            traceback.print_exc()
        click.echo(f"error: {say_unforeseen(error)}; --debug shows more", err=True)
        sys.exit(EXIT_INTERNAL)


if __name__ == "__main__":
    main()
