"""The rules on images: what each says, and which of them a cohort's declaration asks for."""

from collections.abc import Iterator

from data_schemas.images import Image
from data_schemas.vocabulary import IMAGE_SEVERITIES
from pipeline.phrases import phrase

SENTENCES = {
    "image found": phrase("{label}: every image named is found"),
    "image not empty": phrase("{label}: no file of an image is empty"),
    "image format": phrase("{label}: every file is DICOM, PNG or NPZ by what it holds"),
    "image decoder": phrase("{label}: every image is packed in a way that can be unpacked here"),
    "image decodable": phrase("{label}: every image can be decoded"),
    "image size": phrase("{label}: every image has the declared number of rows, columns and frames"),
    "image grey": phrase("{label}: every image is grey"),
    "image bits": phrase("{label}: every image has {bits} bits a pixel"),
    "image modality": phrase("{label}: no header names another modality than {modality}"),
    "image body part": phrase("{label}: no header names another body part than {part}"),
    "image laterality": phrase("{label}: no header names the other side"),
    "image spacing": phrase("{label}: no header tells pixels that are not {low} to {high} mm apart"),
    "image of this patient": phrase("{label}: no header names another patient"),
    "image not blank": phrase("{label}: no image is blank"),
    "image of one patient": phrase("{label}: no image stands under two patients"),
    "no burned-in text": phrase("{label}: no letters are burned into an image"),
}


def list_image_rules(image: Image, label: str) -> Iterator[tuple[str, str]]:
    """The rules that apply to the images called `label`, each with its sentence, in the order they are checked."""
    low, high = image.spacing or (0, 0)
    told = {"bits": image.bits, "modality": image.modality, "part": image.body_part, "low": low, "high": high}
    declared = {"image bits": image.bits, "image laterality": image.laterality, "image spacing": image.spacing}
    for rule in IMAGE_SEVERITIES:
        if declared.get(rule, True) is not None:
            yield rule, SENTENCES[rule].format(label=label, **told)
