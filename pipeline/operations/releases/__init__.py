"""Released models: sealed folders, one of which is in use."""
