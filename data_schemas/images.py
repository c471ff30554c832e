"""What a cohort's file says of the images that stand beside its records."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Box:
    """Columns with the place of what is found on an image, in its own pixels: left, top, width and height."""

    left: str
    top: str
    width: str
    height: str

    @property
    def columns(self) -> tuple[str, str, str, str]:
        """The four columns, in the order above."""
        return self.left, self.top, self.width, self.height


@dataclass(frozen=True)
class Image:
    """The images that a column names.

    A cell tells a file: `pattern`, in which `{}` stands for the cell's text, is its path below the folder of images,
    with `*` where a record has `several`. A stack of images in an NPZ file is told by `file.npz:array:index`. With
    `by_uid` the cell is a DICOM SOP Instance or Series Instance UID, and headers are searched for it.

    `modality` and `body_part` are DICOM's terms, such as DX and CHEST; a header that has others is refused. `size`
    (rows, columns) and `bits` per pixel are those of the files, None for any; `spacing` is the least and greatest
    distance of pixels in mm. `window` is the lowest and highest intensity shown, in rescaled units such as HU; without
    one each image is shown from its own 0.5th to its 99.5th percentile. The network sees `pixels` x `pixels`.

    `finding` names the category that the network learns, in which `absent` is the label of nothing found and any other
    a type of finding; without one it learns the cohort's outcome. `box` or `mask` say where the finding is; a cell of
    the column `mask` names a file as above, by `mask_pattern`. `laterality` names the category of the side, with the
    codes L and R. `finding`, `box` and `mask` are needed of patients who teach only.

    Where an image and its mirror image show the same, as where sides mean nothing, `mirrored` lets the network learn
    from both.

    What the network tells enters the risk model as predictors: the log-odds of a finding, and `components` numbers
    that sum up what else it sees.
    """

    modality: str
    body_part: str
    pattern: str = "{}"
    by_uid: bool = False
    several: bool = False
    size: tuple[int, int] | None = None
    bits: int | None = 8
    spacing: tuple[float, float] | None = None
    window: tuple[float, float] | None = None
    pixels: int = 128
    finding: str | None = None
    absent: str = "no"
    box: Box | None = None
    mask: str | None = None
    mask_pattern: str = "{}"
    laterality: str | None = None
    mirrored: bool = False
    components: int = 2

    @property
    def labels(self) -> tuple[str, ...]:
        """The columns that say what and where the finding is: known of patients who teach only."""
        named = (self.finding, *(self.box.columns if self.box else ()), self.mask)
        return tuple(name for name in named if name)
