import json
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from pipeline.phenotypes import PhenotypeModel, Phenotypes, choice, find_phenotypes


def find(frame: pd.DataFrame, everyone: pd.DataFrame | None = None, **changes) -> Phenotypes:
    settings = {"k_max": 5, "resamples": 20, "threshold": 0.75, "smallest": 15, "seed": 0} | changes
    return find_phenotypes(frame, frame if everyone is None else everyone, {}, **settings)


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


def test_result_follows_patients_not_row_order():
    frame, _ = planted(2)
    shuffled = frame.sample(frac=1, random_state=3).sort_index()
    one, two = find(frame, k_max=3), find(shuffled, k_max=3)
    np.testing.assert_array_equal(one.assignment, two.assignment)
    later = frame.sample(frac=1, random_state=4)
    moved = one.model.assign(later)
    np.testing.assert_array_equal(moved, one.assignment[later.index])


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
    assert f"the {rows} development patients" in found.reason or "no predictor varies" in found.reason
    np.testing.assert_array_equal(found.assignment, np.zeros(rows))


def test_constant_predictors_are_told():
    found = find(pd.DataFrame({"a": [1.0] * 50}))
    assert found.k is None
    assert "no predictor varies" in found.reason


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


def test_samples_are_used_and_told_when_patients_are_many(monkeypatch):
    monkeypatch.setattr(choice, "STABILITY_ROWS", 120)
    monkeypatch.setattr(choice, "REFERENCE_ROWS", 100)
    monkeypatch.setattr("pipeline.phenotypes.find.STABILITY_ROWS", 120)
    monkeypatch.setattr("pipeline.phenotypes.find.REFERENCE_ROWS", 100)
    frame, truth = planted(0)
    found = find(frame, k_max=3)
    assert found.k == 3
    assert adjusted_rand_score(truth, found.assignment) > 0.99
    assert [n.split(" of ")[1] for n in found.notes] == ["120", "100"]
    assert find(frame.head(90), k_max=2).notes == ()


def test_tried_table_is_complete_and_consistent():
    found = find(planted(0)[0])
    assert [t.k for t in found.tried] == [2, 3, 4, 5]
    for entry in found.tried:
        assert all(v is not None for key, v in asdict(entry).items() if key != "smallest_size")
        if entry.accepted:
            assert entry.smallest_jaccard >= 0.75
            assert entry.silhouette > entry.reference_quantile
    assert found.k == max(t.k for t in found.tried if t.accepted)
