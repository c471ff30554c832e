"""Notes that several tables share."""

INTERVALS = "Each estimate with its 95% interval."
SMALL = "'hidden': too few patients to show, or enough to compute a number that is too small."
