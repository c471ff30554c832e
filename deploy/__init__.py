"""What an operator installs beside the pipeline, and what audits it."""
