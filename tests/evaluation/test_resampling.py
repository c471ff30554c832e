import numpy as np
import pytest

from pipeline.evaluation import resampling
from pipeline.evaluation.comparison import compare
from pipeline.evaluation.discrimination import auroc
from pipeline.evaluation.flexible import flexible_curve
from pipeline.evaluation.performance import measure
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
