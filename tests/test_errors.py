import pytest

from pipeline import errors
from pipeline.errors import ClinriskError

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ClinriskError)]


def documented() -> set[int]:
    rows = [line.split()[0] for line in errors.__doc__.splitlines() if line[:1].isdigit()]
    return {int(row) for row in rows}


def test_each_kind_has_an_exit_code_of_its_own_as_documented():
    codes = [kind.exit_code for kind in KINDS]
    assert len(set(codes)) == len(codes) == 5
    assert {errors.EXIT_DONE, *codes} == documented() == {0, 2, 3, 4, 5, 75}


@pytest.mark.parametrize("kind", KINDS)
def test_one_clause_catches_every_foreseen_error_with_its_sentence(kind):
    with pytest.raises(ClinriskError, match=r"^Expected this, got that\.$"):
        raise kind("Expected this, got that.")
