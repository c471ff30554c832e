"""What the tests of sources share: databases to read, and a cohort with every kind of column."""

import uuid
from pathlib import Path

import pytest
import sqlalchemy as sa

from data_schemas.columns import (
    Binary,
    Coded,
    Cohort,
    Date,
    Decimal,
    FactorClass,
    Role,
    Study,
    Text,
    Whole,
    category,
    date,
    flag,
    identifier,
    measurement,
)
from tests.records.sources.postgres import postgres_url

__all__ = ["postgres_url"]

ANY_DAY = ("1700-01-01", "2261-12-31")


class Everything(Cohort):
    """One row per patient."""

    number: Text = identifier("Number")
    seen: Date = date("Seen", "%d.%m.%Y", plausible=ANY_DAY, role=Role.INDEX_DATE)
    left: Date = date("Left", "%Y-%m-%d", plausible=ANY_DAY, excluded="later", missing_allowed=True)
    dose: Decimal = measurement("Dose", plausible=(-1e16, 1e16), factor=FactorClass.MARKER, missing_allowed=True)
    cells: Whole = measurement(
        "Cells", plausible=(-1e16, 1e16), whole=True, factor=FactorClass.MARKER, missing_allowed=True
    )
    smokes: Coded = flag("Smokes", factor=FactorClass.MARKER, missing_allowed=True)
    stage: Coded = category(
        "Stage", {"I": "one", "II": "two", "None": "not staged"}, factor=FactorClass.MARKER, missing_allowed=True
    )
    ill: Coded = flag("Ill", role=Role.OUTCOME)

    class Config:
        """As a whole."""

        metadata = {  # noqa: RUF012 - pandera reads a plain dictionary
            "study": Study(
                title="Everything", population="made up", intended_use="tests",
                outcome=Binary("ill", "yes", "illness"), source="made up", licence="none", thresholds=(0.5,),
                auroc_ceiling=0.95, auroc_ceiling_source="made up",
            )
        }  # fmt: skip


@pytest.fixture
def postgres(postgres_url: str) -> str:
    """The address of an empty database in PostgreSQL."""
    name = f"test_{uuid.uuid4().hex}"
    engine = sa.create_engine(postgres_url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    return postgres_url.removesuffix("postgres") + name


@pytest.fixture(params=["postgresql", "sqlite", "duckdb"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of each kind."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres"))
    return f"{request.param}:///{tmp_path / 'records.db'}"


def execute(address: str, *statements: str) -> list[tuple]:
    """Run `statements` in one transaction that may write; the rows of the last, if it gives rows."""
    engine = sa.create_engine(address, poolclass=sa.NullPool)
    with engine.begin() as connection:
        options = connection.execution_options(no_parameters=True)
        results = [options.exec_driver_sql(statement) for statement in statements]
        return [tuple(row) for row in results[-1]] if results[-1].returns_rows else []
