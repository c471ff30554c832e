"""Synthetic records of a schema, with the risk function that drew them."""
