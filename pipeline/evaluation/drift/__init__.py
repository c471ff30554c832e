"""Drift: whether new patients, their risks and what became of them are still like those that taught the model."""
