"""The effect of a treatment, opt-in for a cohort: two arms compared, by lot or adjusted for why they were treated."""
