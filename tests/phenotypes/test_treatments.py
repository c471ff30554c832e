import json

import numpy as np
import pandas as pd
import pytest

from pipeline.phenotypes.treatments import NOT_RECORDED, treatment_mix

SMALLEST = 10


def mix(values, assignment, smallest=SMALLEST):
    return treatment_mix(pd.DataFrame({"t": values}), np.asarray(assignment), {"t": "Treatment"}, smallest)


def table(rows):
    return {row["level"]: (row["share"], row["others"]) for row in rows}


def test_shares_by_hand():
    drug = pd.Categorical(["yes"] * 30 + ["no"] * 10 + ["yes"] * 20 + ["no"] * 60, ["no", "yes", "never"])
    found = mix(drug, [1] * 40 + [2] * 80)
    assert table(found[1]) == {"no": (0.25, 0.75), "yes": (0.75, 0.25)}
    assert table(found[2]) == {"no": (0.75, 0.25), "yes": (0.25, 0.75)}
    assert {row["label"] for row in found[1]} == {"Treatment"}
    assert json.loads(json.dumps(found[1])) == found[1]


def test_others_are_all_other_patients_and_those_of_no_cluster():
    drug = pd.Categorical(["yes"] * 20 + ["no"] * 20 + ["yes"] * 10 + ["no"] * 30 + ["yes"] * 30 + ["no"] * 10)
    found = mix(drug, [1] * 40 + [2] * 40 + [0] * 40)
    assert list(found) == [1, 2]
    assert table(found[1])["yes"] == (0.5, 40 / 80)
    assert table(found[2])["yes"] == (0.25, 50 / 80)


def test_values_not_recorded_are_a_level():
    drug = pd.Categorical(["yes"] * 20 + ["no"] * 20 + [None] * 10 + ["yes"] * 15 + ["no"] * 15 + [None] * 20)
    found = table(mix(drug, [1] * 50 + [2] * 50)[1])
    assert found == {"no": (0.4, 0.3), "yes": (0.4, 0.3), NOT_RECORDED: (0.2, 0.4)}


@pytest.mark.parametrize("smallest", [5, 10])
@pytest.mark.parametrize("seed", range(30))
def test_no_small_count_can_be_told(seed, smallest):
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(60, 300)), int(rng.integers(2, 5))
    assignment = np.arange(n) % k + 1
    codes = rng.choice(4, n, p=rng.dirichlet([1, 1, 1, 0.3])) - 1
    found = mix(pd.Categorical.from_codes(codes, list("abc")), assignment, smallest)
    counts = np.array([[np.sum((assignment == c) & (codes == j)) for j in (0, 1, 2, -1)] for c in range(1, k + 1)])
    counts = counts[:, counts.any(axis=0)]
    shares = np.array([[row["share"] for row in found[c]] for c in range(1, k + 1)], dtype=float)
    others = np.array([[row["others"] for row in found[c]] for c in range(1, k + 1)], dtype=float)
    hidden = np.isnan(shares)
    assert (np.isnan(others) == hidden).all()
    np.testing.assert_allclose(shares[~hidden], (counts / counts.sum(axis=1)[:, None])[~hidden])
    rest = counts.sum(axis=0) - counts
    np.testing.assert_allclose(others[~hidden], (rest / rest.sum(axis=1)[:, None])[~hidden])
    assert (rest[~hidden] >= smallest).all()
    for line, mask in [*zip(counts, hidden, strict=True), *zip(counts.T, hidden.T, strict=True)]:
        assert (line[~mask] >= smallest).all()
        assert not mask.any() or line[mask].sum() >= smallest or mask.all()


def test_two_valued_numbers_are_levels():
    found = mix(pd.array([0] * 30 + [1] * 20 + [0] * 10 + [1] * 40, dtype="Int64"), [1] * 50 + [2] * 50)
    assert table(found[1]) == {"0": (0.6, 0.2), "1": (0.4, 0.8)}


@pytest.mark.parametrize("seed", range(5))
def test_a_dose_is_cut_at_its_median(seed):
    rng = np.random.default_rng(seed)
    dose, assignment = rng.normal(50, 12.3456, 401), np.arange(401) % 2 + 1
    cut = float(f"{np.median(dose):.3g}")
    found = table(mix(dose, assignment)[1])
    assert found.keys() == {f"under {cut:g}", f"{cut:g} or more"}
    share, others = found[f"{cut:g} or more"]
    assert share == np.mean(dose[assignment == 1] >= cut)
    assert others == np.mean(dose[assignment == 2] >= cut)


def test_a_dose_that_most_have_not_had_is_cut_above_none():
    dose = np.array([0.0] * 60 + [20.0] * 20 + [40.0] * 20)
    found = table(mix(dose, [1] * 30 + [2] * 30 + [1] * 40)[1])
    assert found == {"0": (None, None), "above 0": (None, None)}  # nobody of the other cluster is above
    assignment = np.arange(100) % 2 + 1
    assert table(mix(dose, assignment)[1]) == {"0": (0.6, 0.6), "above 0": (0.4, 0.4)}


def test_no_treatments_no_rows():
    assert treatment_mix(pd.DataFrame({"t": [1.0] * 40}), np.repeat([1, 2], 20), {}, SMALLEST) == {1: [], 2: []}


def test_no_label_is_the_value_of_a_few_patients():
    """Neither the least dose where rounding meets it, nor a value that one patient has."""
    dose = np.linspace(1000.7, 1004, 100)
    levels = [row["level"] for row in mix(dose, [1, 2] * 50)[1]]
    assert not any(f"{dose.min():g}" in level for level in levels)
    assert levels[0].startswith("under 1002")
    rare = [row["level"] for row in mix(np.where(np.arange(200) == 7, 237.5, 0.0), [1, 2] * 100)[1]]
    assert rare == ["0", "another value"]
