"""Stage `evaluate`: how well the risks for unseen patients hold, with intervals, and the verdict."""
