"""Running the pipeline, and whether this machine is fit for it."""
