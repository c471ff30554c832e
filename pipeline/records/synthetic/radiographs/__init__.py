"""Synthetic radiographs of the chest, with lesions of known place, type and contrast, and the records beside them."""
