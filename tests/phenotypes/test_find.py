import json
import re
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from pipeline.errors import ConfigurationError
from pipeline.phenotypes import CLUSTERERS, Patients, PhenotypeModel, Phenotypes, Rules, find_phenotypes, separation
from pipeline.phenotypes.meaning import Meaning
from tests.phenotypes.builders import BLOBS, blob
from tests.phenotypes.builders import planted as planted_mixed


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    monkeypatch.setattr(separation, "DRAWS", 29)


RULES = Rules(k_max=5, resamples=20, threshold=0.75, smallest=15, seed=0)


def find(
    frame: pd.DataFrame, everyone: pd.DataFrame | None = None, clusterers=("kmeans",), weights=None, **changes
) -> Phenotypes:
    rules = replace(RULES, **changes)
    return find_phenotypes(
        Patients.whole(frame, frame if everyone is None else everyone), Meaning(), clusterers, rules, weights
    )


def planted(seed: int, rows: int = 240) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, rows, p=[0.5, 0.3, 0.2])
    centres = np.array([[0, 0, 0, 0], [8, 8, 0, 0], [0, 8, 8, -8.0]])
    return pd.DataFrame(centres[truth] + rng.normal(size=(rows, 4)), columns=list("abcd")), truth


@pytest.mark.parametrize("seed", range(4))
def test_planted_clusters_are_recovered(seed):
    frame, truth = planted(seed)
    found = find(frame, seed=seed)
    assert found.k == 3, found.reason
    assert adjusted_rand_score(truth, found.assignment) > 0.99
    sizes = [c.n for c in found.clusters]
    assert sizes == sorted(np.bincount(truth), reverse=True)
    assert [c.cluster for c in found.clusters] == [1, 2, 3]


def test_planted_clusters_survive_missing_values_and_categories():
    frame, truth = planted(0)
    rng = np.random.default_rng(1)
    frame = frame.mask(rng.random(frame.shape) < 0.05)
    frame["site"] = pd.Categorical(np.array(list("xyz"))[truth])
    frame["grade"] = pd.Categorical(rng.choice(list("12345"), len(frame)), ordered=True)
    frame["constant"] = 1.0
    found = find(frame)
    assert found.k == 3, found.reason
    assert adjusted_rand_score(truth, found.assignment) > 0.9


def test_correlated_noise_has_no_clusters():
    found = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        noise = rng.normal(size=(120, 5)) + 2.0 * rng.normal(size=(120, 1))
        found.append(find(pd.DataFrame(noise).rename(columns=str), k_max=2, resamples=6, seed=seed))
    assert sum(f.k is not None for f in found) <= 2
    # The comparison with the reference is what stops them: cutting the long cloud in two is stable.
    assert sum(f.tried[0].smallest_jaccard >= 0.75 for f in found) > 10


def test_one_two_peaked_predictor_makes_no_phenotype():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(200, 3)), columns=list("abc"))
    frame["a"] += 8.0 * (np.arange(200) % 2)
    assert find(frame, k_max=2).k is None


@pytest.mark.parametrize("name", ["kmeans", "agglomerative", "hdbscan"])
def test_result_follows_patients_not_row_order(name):
    """Whatever order they come in, also to the fit."""
    frame, _ = planted(2)
    shuffled = frame.sample(frac=1, random_state=3)
    one, two = (find(each, k_max=3, resamples=5, clusterers=(name,)) for each in (frame, shuffled))
    assert (one.tried, one.agreement) == (two.tried, two.agreement)
    assert json.dumps(one.model.to_dict()) == json.dumps(two.model.to_dict())
    np.testing.assert_array_equal(two.assignment, one.assignment[shuffled.index])


def test_result_is_the_same_on_any_number_of_threads():
    frame, _ = planted_mixed(0)
    told = []
    for threads in (1, 2, 4):
        with threadpool_limits(limits=threads):
            told.append(find(frame, resamples=3, k_max=3).to_dict())
    assert told[0] == told[1] == told[2]


def test_same_seed_same_result():
    frame, _ = planted(5)
    one, two = find(frame, seed=7, k_max=3), find(frame, seed=7, k_max=3)
    assert json.dumps(one.to_dict()) == json.dumps(two.to_dict())
    assert one.model.to_dict() == two.model.to_dict()


def test_model_survives_json_and_assigns_the_same():
    frame, _ = planted(3)
    found = find(frame)
    again = PhenotypeModel.from_dict(json.loads(json.dumps(found.model.to_dict(), allow_nan=False)))
    np.testing.assert_array_equal(again.assign(frame), found.assignment)
    json.dumps(found.to_dict(), allow_nan=False)


def test_nothing_is_learnt_from_patients_outside_development():
    frame, _ = planted(1)
    strangers = pd.concat([frame, frame + 100.0], ignore_index=True)
    assert find(frame, strangers, k_max=3).model.to_dict() == find(frame, k_max=3).model.to_dict()


@pytest.mark.parametrize("rows", [0, 1, 2, 29])
def test_too_few_patients_are_told(rows):
    found = find(planted(0)[0].head(rows))
    assert (found.k, found.clusters, found.tried, found.model) == (None, (), (), None)
    assert f"the {rows} development patients" in found.reason or "no predictor that has a weight varies" in found.reason
    np.testing.assert_array_equal(found.assignment, np.zeros(rows))


def test_constant_predictors_are_told():
    found = find(pd.DataFrame({"a": [1.0] * 50}))
    assert found.k is None
    assert "no predictor that has a weight varies" in found.reason


def test_a_cluster_too_small_refuses_k_and_its_size_is_not_shown():
    frame, truth = planted(0)
    rare = pd.concat([frame[truth == 0], frame[truth == 2].head(6)], ignore_index=True)
    found = find(rare, k_max=2)
    assert found.k is None
    assert found.tried[0].smallest_size is None
    assert "fewer than 15" in found.reason
    assert find(rare, k_max=2, smallest=5).k == 2


def test_a_cluster_too_small_among_everyone_shows_none():
    frame, truth = planted(0)
    found = find(frame, frame[truth != 2])
    assert found.k is None
    assert found.clusters == ()
    assert "among everyone" in found.reason


def test_no_count_below_the_smallest_is_in_the_result():
    frame, _ = planted(0)
    rng = np.random.default_rng(0)
    frame["flag"] = (rng.random(len(frame)) < 0.05).astype(float)
    frame["site"] = pd.Categorical(rng.choice(list("abc"), len(frame), p=[0.8, 0.1, 0.1]))
    frame.loc[rng.random(len(frame)) < 0.03, "a"] = np.nan
    found = find(frame)
    assert found.k == 3, found.reason
    shares = [
        share * cluster.n
        for cluster in found.clusters
        for p in cluster.predictors
        for share in [*p.shares.values(), p.missing_share if frame[p.predictor].isna().any() else None]
        if share is not None
    ]
    assert len(shares) > 0
    assert all(count >= 14.999 for count in shares)


def test_samples_are_used_and_told_with_what_they_cost(monkeypatch):
    small = replace(CLUSTERERS["kmeans"], most_rows=120, reference_rows=100)
    monkeypatch.setitem(CLUSTERERS, "kmeans", small)
    frame, truth = planted(0)
    found = find(frame, k_max=3)
    assert found.k == 3
    assert adjusted_rand_score(truth, found.assignment) > 0.99
    assert [n.split(" of the ")[0] for n in found.notes[:2]] == ["A random sample of 120", "A random sample of 100"]
    X, centres = found.matrix, found.model.shapes.centres
    everyone = np.mean(((X[:, None] - centres) ** 2).sum(axis=2).min(axis=1))
    (percent,) = re.findall(r"is ([\d.]+)% (more|less)", found.notes[2])
    assert float(percent[0]) < 25
    assert everyone > 0
    assert find(frame.head(90), k_max=2).notes == ()


@pytest.mark.parametrize("name", list(CLUSTERERS))
def test_any_clusterer_may_decide(name):
    frame, truth = planted(0, 400)
    found = find(frame, clusterers=(name,), k_max=4, resamples=8)
    assert found.k == 3, found.reason
    assert CLUSTERERS[name].label in found.reason
    assert adjusted_rand_score(truth, found.assignment) > 0.97


def test_other_clusterers_are_compared_with_the_first():
    frame, _ = planted(1)
    found = find(frame, clusterers=tuple(CLUSTERERS), resamples=5, k_max=4)
    assert [a.clusterer for a in found.agreement] == list(CLUSTERERS)[1:]
    for agreement in found.agreement:
        assert (agreement.reason, agreement.k) == (None, 3)
        assert agreement.rand > 0.85
        assert agreement.smallest_jaccard > 0.7
    assert find(blob(0, "uniform"), clusterers=("kmeans", "hdbscan"), k_max=2, resamples=5).agreement == ()


def test_a_clusterer_that_never_gives_so_many_says_so():
    found = find(blob(0, "uniform"), clusterers=("hdbscan",), k_max=3, resamples=5)
    assert found.k is None
    assert "HDBSCAN finds no clusters, not 2" in found.reason


def test_weights_decide_what_phenotypes_are_about():
    """Two independent pairs of groups: the heavier predictors' pair is found, and one without weight is left out."""
    rng = np.random.default_rng(0)
    one, two = rng.integers(0, 2, (2, 400))
    frame = pd.DataFrame(
        {f"{name}{j}": 5 * of + rng.normal(size=400) for name, of in (("a", one), ("b", two)) for j in range(3)}
    )
    light = {f"b{j}": 0.0 for j in range(3)}
    found = find(frame, weights=light, k_max=3)
    assert adjusted_rand_score(one, found.assignment) > 0.97
    assert set(found.space.left_out) == set(light)


@pytest.mark.parametrize("seed", range(4))
def test_mixed_clusters_with_a_fifth_missing_are_recovered(seed):
    frame, truth = planted_mixed(seed)
    found = find(frame, k_max=8, resamples=10)
    assert found.k == 3 + seed % 4, found.reason
    assert adjusted_rand_score(truth, found.assignment) > 0.95


@pytest.mark.parametrize("shape", list(BLOBS))
def test_a_cloud_of_any_shape_has_no_stable_clusters(shape):
    found = [find(blob(seed, shape, 200), k_max=3, resamples=6).k for seed in range(3)]
    assert found.count(None) >= 2


def test_tried_table_is_complete_and_consistent():
    found = find(planted(0)[0])
    assert [t.k for t in found.tried] == [2, 3, 4, 5]
    for entry in found.tried:
        assert all(v is not None for key, v in asdict(entry).items() if key != "smallest_size")
        if entry.accepted:
            assert entry.smallest_jaccard >= 0.75
            assert entry.silhouette > entry.reference_quantile
    assert found.k == max(t.k for t in found.tried if t.accepted)


def coded(truth: np.ndarray, kept: float, seed: int) -> pd.DataFrame:
    """Nine two-level categories: three are usual in each cluster, and a code follows that with probability `kept`."""
    rng = np.random.default_rng(seed)
    usual = np.arange(9) // 3 == truth[:, None]
    codes = np.where(rng.random(usual.shape) < kept, usual, rng.random(usual.shape) < 1 / 3).astype(int)
    frame = pd.DataFrame(codes).rename(columns=lambda j: f"c{j}")
    return frame.apply(lambda column: pd.Categorical.from_codes(column, ["no", "yes"]))


def test_a_table_of_categories_alone_has_clusters_or_none():
    truth = np.repeat([0, 1, 2], 100)
    found = find(coded(truth, 0.9, 0), k_max=4)
    assert found.k == 3, found.reason
    assert adjusted_rand_score(truth, found.assignment) > 0.95
    assert find(coded(truth, 0.0, 1), k_max=3).k is None


@pytest.mark.parametrize(("names", "said"), [(("kmodes",), "'kmodes' is not known"), (("kmeans",) * 2, "named twice")])
def test_unknown_and_repeated_clusterers_are_refused(names, said):
    with pytest.raises(ConfigurationError, match=said):
        find(planted(0)[0], clusterers=names)


def test_without_any_weight_nothing_is_sought():
    frame = planted(0)[0]
    found = find(frame, weights=dict.fromkeys(frame, 0.0))
    assert (found.k, found.tried) == (None, ())
    assert set(found.space.left_out) == set(frame)


def test_clusters_keep_the_numbers_of_an_earlier_model():
    frame, _ = planted(0)
    earlier = find(frame, k_max=3).model
    called = replace(earlier, shapes=replace(earlier.shapes, numbers=np.array([7, 2, 5])))
    again = find_phenotypes(Patients.whole(frame, frame), Meaning(), ("kmeans",), replace(RULES, k_max=3), None, called)
    assert again.status == {7: "kept", 2: "kept", 5: "kept"}
    np.testing.assert_array_equal(again.assignment, called.assign(frame))
    assert [c["cluster"] for c in again.to_dict()["clusters"]] == [2, 5, 7]
    sizes = {c.cluster: c.n for c in again.clusters}
    assert sizes == dict(zip(*np.unique(again.assignment, return_counts=True), strict=True))
