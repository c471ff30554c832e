"""The command line: `python -m pipeline COMMAND`, also installed as `clinrisk`."""

import sys
import traceback

import click

from pipeline.errors import EXIT_INTERNAL, ClinriskError


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
        click.echo(f"error: internal error, {type(error).__name__}; --debug shows more", err=True)
        sys.exit(EXIT_INTERNAL)


if __name__ == "__main__":
    main()
