import numpy as np
import pytest

from pipeline.estimates import Z
from pipeline.evaluation import resampling
from pipeline.evaluation.comparison import compare, delong
from pipeline.evaluation.discrimination import auroc
from pipeline.evaluation.flexible import flexible_curve
from pipeline.evaluation.performance import measure, resample_figures
from pipeline.evaluation.resampling import Sample, resample
from pipeline.outcomes import Observed
from tests.evaluation.simulated import binary, censored, competing

MAKERS = pytest.mark.parametrize("make", [binary, censored, competing])


def collect(samples, resamples=50, seed=0):
    """The tables of every chunk, less those of the points: a list by sample and repeat for each, first all of cells."""
    seen = []

    def figures(tables):
        seen.append(tables)
        return {"none": np.zeros(len(tables[0][0].counts))}

    resample(figures, samples, (), resamples, seed)
    return seen[1:]


def drawn(observed, patient, resamples=50):
    tables = collect([Sample(np.full((1, len(patient)), 0.5), observed, patient)], resamples)
    return np.concatenate([chunk[0][0].counts for chunk in tables])


def test_every_row_of_a_patient_is_drawn_equally_often():
    counts = drawn(Observed(np.zeros(6)), np.array([7, 7, 7, 2, 2, 40]))
    np.testing.assert_array_equal(counts[:, 0], counts[:, 1])
    np.testing.assert_array_equal(counts[:, 0], counts[:, 2])
    np.testing.assert_array_equal(counts[:, 3], counts[:, 4])
    assert (counts[:, [0, 3, 5]].sum(axis=1) == 3).all()
    assert len(np.unique(counts, axis=0)) > 3


@pytest.mark.parametrize("make", [censored, competing])
def test_censoring_weights_are_estimated_anew_in_each_resample(make):
    risk, observed = make(0, n=60)
    [[[[table]]]] = [collect([Sample(risk[None], observed, np.arange(60))], 20)]
    np.testing.assert_array_equal(table.weight, table.counts * observed.weights_for(table.counts))
    assert len(np.unique((table.weight / np.maximum(table.counts, 1)).max(axis=1).round(9))) > 10


def test_samples_and_repeats_see_the_same_patients():
    risk, observed = binary(0, n=90)
    patient, first, later = np.arange(90) // 3, np.arange(90) < 45, np.arange(90) >= 30
    samples = [Sample(np.stack([risk, risk**2])[:, m], observed.take(m), patient[m]) for m in (first, later)]
    for one, other in collect(samples, 20):
        np.testing.assert_array_equal(one[0].counts, one[1].counts)
        np.testing.assert_array_equal(one[0].counts[:, 30:45], other[0].counts[:, :15])
        np.testing.assert_array_equal(one[1].risk, one[0].risk ** 2)


def test_large_samples_and_repeats_see_the_same_patients_too(monkeypatch):
    monkeypatch.setattr(resampling, "LARGE", 89)
    risk, y = np.linspace(0.1, 0.9, 90), np.zeros(90)
    patient, first, later = np.arange(90) // 3, np.arange(90) < 45, np.arange(90) >= 30
    risks = np.stack([risk, 1 - risk])
    _, tables = collect([Sample(risks, Observed(y), patient)], 20)
    np.testing.assert_array_equal(tables[0][0].counts, tables[0][1].counts[:, ::-1])
    np.testing.assert_array_equal(tables[0][0].counts[:, 0], tables[0][0].counts[:, 2])
    monkeypatch.setattr(resampling, "LARGE", 59)
    _, [one, other] = collect([Sample(risks[:, m], Observed(y[m]), patient[m]) for m in (first, later)], 20)
    np.testing.assert_array_equal(one[0].counts[:, 30:45], other[0].counts[:, :15])


def test_chunks_bound_the_memory_and_change_nothing(monkeypatch):
    _, observed = binary(0, n=50)
    whole = drawn(observed, np.arange(50))
    monkeypatch.setattr(resampling, "CHUNK_NUMBERS", 50 * 7)
    chunks = collect([Sample(np.full((1, 50), 0.5), observed, np.arange(50))])
    assert [len(chunk[0][0].counts) for chunk in chunks] == [7] * 7 + [1]
    np.testing.assert_array_equal(drawn(observed, np.arange(50)), whole)


@MAKERS
@pytest.mark.parametrize("rows", [1, 3])
def test_merging_rows_moves_no_value_and_hardly_a_limit(make, rows, monkeypatch):
    risk, observed = make(3, n=1500)
    patient = np.arange(1500) // rows
    exact = measure(risk, observed, patient, (0.1, 0.3), 600, 0)
    monkeypatch.setattr(resampling, "LARGE", 1499)
    merged = measure(risk, observed, patient, (0.1, 0.3), 600, 0)
    for name, estimate in exact.items():
        width = estimate.hi - estimate.lo
        assert merged[name].value == estimate.value
        # Limits of 600 resamples are random by a twentieth of the width; fixed censoring weights add a tenth.
        assert merged[name].lo == pytest.approx(estimate.lo, abs=0.25 * width), name
        assert merged[name].hi == pytest.approx(estimate.hi, abs=0.25 * width), name


@MAKERS
def test_limits_at_20000_rows_are_the_exact_ones(make, monkeypatch):
    risk, observed = make(0, n=20_001)

    def area(tables):
        [[table]] = tables
        return {"auroc": auroc(table.risk, table.y, table.weight)}

    sample = Sample(risk[None], observed, np.arange(20_001))
    merged = resample(area, [sample], (), 400, 1)
    monkeypatch.setattr(resampling, "LARGE", 30_000)
    exact = resample(area, [sample], (), 400, 0)
    limits = [np.quantile(each.values["auroc"], (0.025, 0.975)) for each in (merged, exact)]
    assert merged.points == exact.points
    np.testing.assert_allclose(*limits, atol=0.0015)


@MAKERS
def test_the_seed_alone_decides_and_row_order_does_not(make, monkeypatch):
    monkeypatch.setattr(resampling, "LARGE", 299)
    risk, observed = make(0)
    order = np.random.default_rng(0).permutation(300)
    first = measure(risk, observed, np.arange(300), (0.2,), 60, 5)
    assert measure(risk, observed, np.arange(300), (0.2,), 60, 5) == first
    assert measure(risk, observed, np.arange(300), (0.2,), 60, 6)["auroc"].lo != first["auroc"].lo
    moved = measure(risk[order], observed.take(order), order, (0.2,), 60, 5)
    for name, estimate in first.items():
        found = moved[name]
        assert (found.value, found.lo, found.hi) == pytest.approx((estimate.value, estimate.lo, estimate.hi), rel=1e-8)


def test_large_tables_are_compared_in_pairs_and_drawn_as_curves_too(monkeypatch):
    monkeypatch.setattr(resampling, "LARGE", 299)
    risk, observed = binary(0)
    near = np.clip(risk + np.random.default_rng(5).normal(0, 0.05, 300), 0.01, 0.99)
    difference = compare(risk, near, observed, np.arange(300), (), 200, 0)["auroc"]
    alone = measure(risk, observed, np.arange(300), (), 200, 0)["auroc"]
    assert difference.hi - difference.lo < 0.5 * (alone.hi - alone.lo)
    points = flexible_curve(risk, observed, np.arange(300), 50, 0, 10)["points"]
    assert all(p["lo"] < p["observed"] < p["hi"] for p in points)


def spreads(risk, observed, patient, resamples, seed):
    """Standard errors by the resamples of each figure, and of a difference between two models."""
    other = np.clip(risk + 0.1 * np.sin(40 * risk), 0.001, 0.999)
    one, two = (resample_figures(each, observed, patient, (0.1,), resamples, seed) for each in (risk, other))
    found = {name: float(values.std()) for name, values in one.values.items() if name not in ("ici", "ici_strays")}
    return found | {"less": float((one.values["auroc"] - two.values["auroc"]).std())}


@MAKERS
@pytest.mark.parametrize(("rows", "seed"), [(1, 0), (1, 1), (3, 2)])
def test_groups_of_patients_keep_the_standard_errors(make, rows, seed, monkeypatch):
    risk, observed = make(seed, n=3000)
    patient = np.arange(3000) // rows
    monkeypatch.setattr(resampling, "LARGE", 2999)
    alone = spreads(risk, observed, patient, 1000, seed)
    monkeypatch.setattr(resampling, "GROUPS", 500)
    grouped = spreads(risk, observed, patient, 1000, seed + 1)
    # Both are off by 1 / sqrt(2 * 1000), that of groups by 1 / sqrt(2 * 500) more: 4.5% together, of which four.
    ratios = {name: grouped[name] / alone[name] for name in alone}
    assert ratios == pytest.approx(dict.fromkeys(alone, 1.0), abs=0.18)


def test_groups_of_patients_agree_with_closed_forms_over_deals(monkeypatch):
    monkeypatch.setattr(resampling, "LARGE", 3999)
    monkeypatch.setattr(resampling, "GROUPS", 400)
    risk, observed = binary(0, n=4000)
    other = np.clip(risk + np.random.default_rng(1).normal(0, 0.05, 4000), 0.001, 0.999)
    tested = delong(risk, other, observed.event, np.arange(4000))
    rates, areas = [], []
    for seed in range(12):
        one, two = (resample_figures(each, observed, np.arange(4000), (), 400, seed) for each in (risk, other))
        areas.append((one.values["auroc"] - two.values["auroc"]).var())
        rates.append(one.values["brier"].var())
    loss = (observed.event - risk) ** 2
    # Over 12 deals and 4,800 resamples a variance is off by sqrt(2 / 400 + 2 / 400) / sqrt(12), 2.9%, of which four.
    assert np.mean(rates) == pytest.approx(loss.var() / 4000, rel=0.12)
    assert np.mean(areas) == pytest.approx(((tested.hi - tested.lo) / 2 / Z) ** 2, rel=0.12)


def test_all_rows_of_a_patient_are_in_one_group_and_groups_are_as_even_as_can_be(monkeypatch):
    monkeypatch.setattr(resampling, "LARGE", 99)
    monkeypatch.setattr(resampling, "GROUPS", 7)
    risk = np.repeat(np.linspace(0.01, 0.99, 50), 2)
    _, *chunks = collect([Sample(risk[None], Observed(np.zeros(100)), np.arange(100) // 2)], 40)
    counts = np.concatenate([chunk[0][0].counts for chunk in chunks]).T / 2
    groups, sizes = np.unique(counts, axis=0, return_counts=True)
    assert (len(groups), sizes.min(), sizes.max()) == (7, 7, 8)


@pytest.mark.parametrize("make", [binary, censored, competing])
def test_fine_cells_keep_the_points_of_the_rows(make, monkeypatch):
    risk, observed = make(0, n=60_000)
    rows = measure(risk, observed, np.arange(60_000), (0.1, 0.3), 100, 0)
    monkeypatch.setattr(resampling, "CONDENSED", 59_999)
    cells = measure(risk, observed, np.arange(60_000), (0.1, 0.3), 100, 0)
    for name, estimate in rows.items():
        assert cells[name].value == pytest.approx(estimate.value, rel=3e-5 if name == "ici" else 2e-6, abs=1e-6), name
        assert (cells[name].lo, cells[name].hi) == pytest.approx((estimate.lo, estimate.hi), rel=2e-4), name
