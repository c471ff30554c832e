"""Risk models: features, candidates, the log-odds ensemble, recalibration, storage."""
