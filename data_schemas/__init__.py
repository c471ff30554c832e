"""What a record means: one pandera model per cohort, in the vocabulary of `data_schemas.columns`."""
