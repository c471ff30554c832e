"""What the network beside a model tells of records' images, which the model must know before it is asked."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data_schemas.columns import Cohort, Role
from pipeline import files
from pipeline.extras import require_imaging
from pipeline.image_store import ImageStore
from pipeline.operations.kept import find_kept
from pipeline.records.identity import PSEUDONYM

SAID = ["told", "confidence", "log_odds"]
NETWORK, FINDINGS, SPLIT = "image_model.safetensors", "findings.parquet", "split.parquet"


def see_images(model: Path, records: pd.DataFrame, images: ImageStore | None, cohort: type[Cohort]) -> pd.DataFrame:
    """The typed `records` (n) with the findings of the network beside the file `model`; missing without an image.

    The index of `images` gives positions in `records`; None says that none has an image. Records of a cohort without
    images come back as they are. Raises ConfigurationError where the network cannot be read or knows other images.
    """
    if not cohort.findings():
        return records
    if images is None or not len(images):
        return records.assign(**dict.fromkeys(cohort.findings(), np.nan))
    require_imaging()
    from pipeline.imaging.findings import average_by_record
    from pipeline.imaging.storage import read_image_model

    told = read_image_model(model.with_name(NETWORK)).predict(images.pixels)
    position = pd.Series(range(len(records)), name=PSEUDONYM)
    found = average_by_record(told, images.index["record"].to_numpy(np.int64), position, *cohort.with_role(Role.IMAGE))
    return records.assign(**{name: found[name].to_numpy() for name in cohort.findings()})


def see_unseen(model: Path, records: pd.DataFrame, images: ImageStore | None, cohort: type[Cohort]) -> pd.DataFrame:
    """The same of `records` with a column `pseudonym`, but of patients who taught the network what others told.

    Who taught, and what was told of them by networks that had not seen them, stands beside a released model, and among
    the records of one that `dvc repro` made; beside any other model nothing is known of that. Raises as above.
    """
    if not cohort.findings():
        return records
    asked = see_images(model, records, images, cohort)
    kept = next((folder for folder in (model.parent, _data_of(model)) if (folder / FINDINGS).is_file()), None)
    if kept is None:
        return asked
    split = files.read_parquet(kept / SPLIT).set_index(PSEUDONYM)["part"]
    taught = records[PSEUDONYM].isin(split.index[split == "development"])
    unseen = find_kept(files.read_parquet(kept / FINDINGS), records)
    return asked.assign(**{name: unseen[name].where(taught, asked[name]) for name in cohort.findings()})


def draw_maps(model: Path, images: ImageStore) -> list[dict[str, Any]]:
    """Each of `images` as the network beside the file `model` sees it: `pixels` and `map`, (side, side) each.

    The map, 0 to 1, shows what speaks for a finding. With it `told`, the most probable class, `confidence` and
    `log_odds` of a finding, all by the deployed network, which has learnt from the image if the patient taught it.
    """
    require_imaging()
    from pipeline.imaging.attention import map_attention
    from pipeline.imaging.storage import read_image_model

    network = read_image_model(model.with_name(NETWORK))
    told, maps = network.predict(images.pixels), map_attention(network, images.pixels)
    said = zip(*(told[name] for name in SAID), strict=True)
    return [
        {"pixels": np.asarray(pixels), "map": shown} | dict(zip(SAID, row, strict=True))
        for pixels, shown, row in zip(images.pixels, maps, said, strict=True)
    ]


def _data_of(model: Path) -> Path:
    """Where the records are of a model that `dvc repro` made."""
    return model.parent.parent.with_name("data") / model.parent.name
