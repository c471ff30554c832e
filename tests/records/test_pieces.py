import numpy as np
import pandas as pd
import pytest

from pipeline.records.pieces import Pieces


def make_frame(seed, n):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "text": pd.Series(rng.choice(["a", "b"], n), dtype="string").mask(rng.random(n) < 0.2),
            "coded": pd.Categorical(rng.choice(["x", "y"], n), categories=["y", "x", "z"], ordered=True),
            "number": np.where(rng.random(n) < 0.2, np.nan, rng.random(n)),
            "whole": pd.Series(rng.integers(0, 9, n), dtype="Int64").mask(rng.random(n) < 0.2),
            "day": pd.Series(pd.Timestamp("2020-01-01").as_unit("ns"), index=range(n)).where(rng.random(n) < 0.5),
        }
    )


@pytest.mark.parametrize("seed", range(5))
def test_a_piece_of_all_tables_has_the_rows_put_into_it(tmp_path, seed):
    rng, pieces = np.random.default_rng(seed), Pieces(tmp_path / "pieces")
    frames = [make_frame(seed + i, n) for i, n in enumerate((20, 1, 0, 33))]
    cuts = [np.concatenate([[0], np.sort(rng.integers(0, len(f) + 1, 3)), [len(f)]]) for f in frames]
    for number in rng.permutation(4):  # whichever is done first
        pieces.put(9 * int(number), frames[number], cuts[number])
    assert pieces.tables() == [0, 9, 18, 27]
    for piece in range(4):
        expected = [frame.iloc[cut[piece] : cut[piece + 1]] for frame, cut in zip(frames, cuts, strict=True)]
        pd.testing.assert_frame_equal(pieces.take(piece), pd.concat(expected, ignore_index=True))


def test_a_table_put_by_again_takes_the_place_of_the_earlier_one(tmp_path):
    pieces = Pieces(tmp_path / "pieces")
    pieces.put(0, make_frame(0, 5), [0, 5])
    pieces.put(0, make_frame(1, 6), [0, 2, 6])
    pd.testing.assert_frame_equal(pieces.take(1), make_frame(1, 6).iloc[2:].reset_index(drop=True))
    assert [path.name for path in pieces.folder.iterdir()] == ["0.arrow"]
    assert pieces.folder.stat().st_mode & 0o077 == 0
