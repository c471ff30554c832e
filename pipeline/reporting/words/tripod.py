"""The 52 items of TRIPOD+AI (Collins et al. 2024, BMJ 385:e078378) in our own short words."""

from collections.abc import Mapping

from pipeline.phrases import phrase
from pipeline.reporting.language import say

ASKS = {
    "1": phrase("Title names prediction model, population and outcome"),
    "2": phrase("Structured abstract"),
    "3a": phrase("Clinical context and reasons for the model, earlier models"),
    "3b": phrase("Target population, intended purpose and users"),
    "3c": phrase("Known health inequalities"),
    "4": phrase("Objectives: development, evaluation or both"),
    "5a": phrase("Sources of data and how representative they are"),
    "5b": phrase("Dates of recruitment and end of follow-up"),
    "6a": phrase("Setting, number and place of centres"),
    "6b": phrase("Eligibility"),
    "6c": phrase("Treatments received and how they were handled"),
    "7": phrase("Preparation and quality checks of the data"),
    "8a": phrase("Outcome, its horizon and how it was assessed"),
    "8b": phrase("Who assessed an outcome that needs judgement"),
    "8c": phrase("Blinding of the assessment of the outcome"),
    "9a": phrase("Choice of the initial predictors"),
    "9b": phrase("Definition of every predictor, how and when measured"),
    "9c": phrase("Who assessed predictors that need judgement"),
    "10": phrase("How the size of the study was arrived at"),
    "11": phrase("How missing data were handled"),
    "12a": phrase("How the data were used and partitioned"),
    "12b": phrase("How predictors entered the model"),
    "12c": phrase("Type of model, building steps, internal validation"),
    "12d": phrase("Heterogeneity between sites"),
    "12e": phrase("Measures and plots of performance, models compared"),
    "12f": phrase("Updating of the model, such as recalibration"),
    "12g": phrase("How predictions were calculated for evaluation"),
    "13": phrase("Class imbalance"),
    "14": phrase("Fairness: what was done and why"),
    "15": phrase("Output of the model, thresholds and their reasons"),
    "16": phrase("Differences between development and evaluation data"),
    "17": phrase("Ethical approval and consent"),
    "18a": phrase("Funding"),
    "18b": phrase("Conflicts of interest"),
    "18c": phrase("Protocol"),
    "18d": phrase("Registration"),
    "18e": phrase("Availability of the data"),
    "18f": phrase("Availability of the code"),
    "19": phrase("Involvement of patients and the public"),
    "20a": phrase("Flow of participants, with and without the outcome"),
    "20b": phrase("Characteristics, missing data"),
    "20c": phrase("Predictors compared between development and evaluation"),
    "21": phrase("Participants and events in each analysis"),
    "22": phrase("The full model, so that others can use it"),
    "23a": phrase("Performance with intervals, also in subgroups"),
    "23b": phrase("Heterogeneity of performance between sites"),
    "24": phrase("Results of updating"),
    "25": phrase("Interpretation, with fairness and earlier studies"),
    "26": phrase("Limitations"),
    "27a": phrase("Handling of faulty or missing input when in use"),
    "27b": phrase("What users have to do and to know"),
    "27c": phrase("Next steps for research"),
}
"""What each item asks for, by its number."""


def say_statuses(statuses: Mapping[str, int]) -> str:
    """How many items are computed, supplied and missing."""
    return say(
        "Of {items} items: {computed} computed, {supplied} supplied, {missing} missing.",
        items=sum(statuses.values()),
        **statuses,
    )
