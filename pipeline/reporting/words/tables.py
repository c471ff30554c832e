"""Notes that several tables share."""

from pipeline.phrases import phrase

INTERVALS = phrase("Each estimate with its 95% interval.")
SMALL = phrase("'hidden': too few patients to show, or enough to compute a number that is too small.")
