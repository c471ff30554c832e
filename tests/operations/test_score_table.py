import pandas as pd
import pytest
import sqlalchemy as sa

from pipeline.errors import ConfigurationError
from pipeline.operations import score
from pipeline.operations.score import score_file
from pipeline.operations.scoring import database_table
from pipeline.operations.scoring.places import STAGED_TABLES, Places
from tests.operations.scoring import bad, make_clinics, scored
from tests.records.sources.conftest import address, postgres
from tests.records.sources.postgres import postgres_url
from tests.records.wide_clinic import make_text

__all__ = ["address", "postgres", "postgres_url"]
HERE = Places(table="risks", to_url_from="CLINIC_URL")


class Stopped(BaseException):
    """What nothing catches."""


@pytest.fixture(autouse=True)
def clinics(root, monkeypatch):
    return make_clinics(root, monkeypatch)


@pytest.fixture
def engine(address, monkeypatch):
    """A database of each kind, whose address stands in the environment."""
    monkeypatch.setenv("CLINIC_URL", address)
    return sa.create_engine(address, poolclass=sa.NullPool)


def read(engine, name: str) -> pd.DataFrame:
    with engine.connect() as connection:
        return pd.read_sql(sa.text(f"SELECT * FROM {name} ORDER BY record"), connection)  # noqa: S608 - our own name


def names(engine) -> list[str]:
    return sorted(sa.inspect(engine).get_table_names())


def test_a_table_holds_what_the_file_does_with_the_place_of_each_record(engine, monkeypatch):
    monkeypatch.setattr(score, "ROWS", 7)
    expected = scored(bad(make_text(1, 20), region="x"))
    said = score_file("clinic", "new.csv", HERE)
    got = read(engine, "risks")
    assert got.pop("record").tolist() == list(range(1, 21))
    alike = got.astype({"outside_support": "boolean"}).assign(because=expected["because"])
    assert got["because"].fillna("").tolist() == expected["because"].fillna("").tolist()
    pd.testing.assert_frame_equal(alike, expected, check_dtype=False, rtol=0, atol=1e-12)
    aside = read(engine, "risks_refused")
    assert aside.to_numpy().tolist() == [[3, "7731-00002", "region", "known code"]]
    assert names(engine) == ["risks", "risks_refused"]
    assert said[0] == "Wrote 19 risks to risks."
    assert not list(STAGED_TABLES.iterdir())


def test_a_query_is_scored_as_the_file_of_its_rows(engine, clinics):
    table = make_text(2, 20)
    expected = scored(table)
    with engine.begin() as connection:
        table.astype(object).to_sql("patients", connection, index=False)
    (clinics / "new.sql").write_text("SELECT * FROM patients ORDER BY number")
    score_file("clinic", "new.sql", Places(clinics / "again.csv"), url_from="CLINIC_URL")
    assert (clinics / "again.csv").read_bytes() == (clinics / "risks.csv").read_bytes()
    score_file("clinic", "new.sql", HERE, url_from="CLINIC_URL")
    assert read(engine, "risks")["risk"].to_numpy() == pytest.approx(expected["risk"].to_numpy(), abs=1e-12)


def test_tables_that_exist_stay_as_they_are(engine):
    make_text(3, 5).to_csv("new.csv", index=False)
    for name in ("risks", "risks_refused"):
        with engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE TABLE {name} (mine integer)")
        with pytest.raises(ConfigurationError, match=f"table {name} exists already; drop it or name another"):
            score_file("clinic", "new.csv", HERE)
        assert names(engine) == [name]
        with engine.begin() as connection:
            connection.exec_driver_sql(f"DROP TABLE {name}")


def test_nothing_is_in_the_database_where_writing_fails_and_the_next_run_only_writes(engine, monkeypatch):
    make_text(4, 25).to_csv("new.csv", index=False)
    monkeypatch.setattr(database_table, "ROWS", 10)
    monkeypatch.setattr(score, "ROWS", 12)

    def fail(*_):
        raise Stopped

    with monkeypatch.context() as patched:
        patched.setattr(database_table, "_rename", fail)
        with pytest.raises(Stopped):
            score_file("clinic", "new.csv", HERE)
    assert names(engine) == []
    with monkeypatch.context() as patched:
        patched.setattr(score.Scorer, "score", fail)
        score_file("clinic", "new.csv", HERE)
    assert len(read(engine, "risks")) == 25


@pytest.mark.parametrize("name", ["a b", "a;drop table b", "1a", "", "x" * 41, "a.b.c"])
def test_odd_names_are_refused(monkeypatch, name):
    monkeypatch.setenv("CLINIC_URL", "sqlite://")
    make_text(5, 5).to_csv("new.csv", index=False)
    with pytest.raises(ConfigurationError, match=r"expected NAME or SCHEMA\.NAME"):
        score_file("clinic", "new.csv", Places(table=name, to_url_from="CLINIC_URL"))


@pytest.mark.parametrize(
    ("url", "said"),
    [(None, "table risks needs the database's address in the environment: CLINIC_URL is not set"),
     ("kept secret", "CLINIC_URL holds no address"), ("sqlite:////nowhere/secret/a.db", "cannot be written"),
     ("postgresql+psycopg://a:secret@127.0.0.1:1/b", "cannot be written")],
)  # fmt: skip
def test_a_database_that_cannot_be_reached_is_named_by_its_variable_alone(monkeypatch, url, said):
    if url:
        monkeypatch.setenv("CLINIC_URL", url)
    make_text(6, 5).to_csv("new.csv", index=False)
    with pytest.raises(ConfigurationError, match=said) as refusal:
        score_file("clinic", "new.csv", HERE)
    assert "secret" not in str(refusal.value)


def test_a_place_is_one_file_or_one_table_whose_database_is_named(clinics):
    make_text(7, 5).to_csv("new.csv", index=False)
    for places in (Places(), Places(clinics / "a.csv", table="risks", to_url_from="CLINIC_URL")):
        with pytest.raises(ConfigurationError, match="expected a file for risks, --out, or a table"):
            score_file("clinic", "new.csv", places)
    with pytest.raises(ConfigurationError, match="with --to-url-from"):
        score_file("clinic", "new.csv", Places(table="risks"))
