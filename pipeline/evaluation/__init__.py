"""How well predicted risks hold: discrimination, calibration, utility, subgroups, intervals, verdict.

Every metric takes risks p, shape (n,), outcomes y, shape (n,), and `weight`, shape (b, n): one row per resample, how
often a patient was drawn times the censoring weight, 0 where the outcome is unknown. It returns shape (b,), NaN
where it is not defined; `intervals` turns that into an estimate with an interval, or a reason.
"""
