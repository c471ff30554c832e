"""The 52 items of TRIPOD+AI (Collins et al. 2024, BMJ 385:e078378) in our own short words."""

from collections.abc import Mapping

ASKS = {
    "1": "Title names prediction model, population and outcome",
    "2": "Structured abstract",
    "3a": "Clinical context and reasons for the model, earlier models",
    "3b": "Target population, intended purpose and users",
    "3c": "Known health inequalities",
    "4": "Objectives: development, evaluation or both",
    "5a": "Sources of data and how representative they are",
    "5b": "Dates of recruitment and end of follow-up",
    "6a": "Setting, number and place of centres",
    "6b": "Eligibility",
    "6c": "Treatments received and how they were handled",
    "7": "Preparation and quality checks of the data",
    "8a": "Outcome, its horizon and how it was assessed",
    "8b": "Who assessed an outcome that needs judgement",
    "8c": "Blinding of the assessment of the outcome",
    "9a": "Choice of the initial predictors",
    "9b": "Definition of every predictor, how and when measured",
    "9c": "Who assessed predictors that need judgement",
    "10": "How the size of the study was arrived at",
    "11": "How missing data were handled",
    "12a": "How the data were used and partitioned",
    "12b": "How predictors entered the model",
    "12c": "Type of model, building steps, internal validation",
    "12d": "Heterogeneity between sites",
    "12e": "Measures and plots of performance, models compared",
    "12f": "Updating of the model, such as recalibration",
    "12g": "How predictions were calculated for evaluation",
    "13": "Class imbalance",
    "14": "Fairness: what was done and why",
    "15": "Output of the model, thresholds and their reasons",
    "16": "Differences between development and evaluation data",
    "17": "Ethical approval and consent",
    "18a": "Funding",
    "18b": "Conflicts of interest",
    "18c": "Protocol",
    "18d": "Registration",
    "18e": "Availability of the data",
    "18f": "Availability of the code",
    "19": "Involvement of patients and the public",
    "20a": "Flow of participants, with and without the outcome",
    "20b": "Characteristics, missing data",
    "20c": "Predictors compared between development and evaluation",
    "21": "Participants and events in each analysis",
    "22": "The full model, so that others can use it",
    "23a": "Performance with intervals, also in subgroups",
    "23b": "Heterogeneity of performance between sites",
    "24": "Results of updating",
    "25": "Interpretation, with fairness and earlier studies",
    "26": "Limitations",
    "27a": "Handling of faulty or missing input when in use",
    "27b": "What users have to do and to know",
    "27c": "Next steps for research",
}
"""What each item asks for, by its number."""


def say_statuses(statuses: Mapping[str, int]) -> str:
    """How many items have each status."""
    shown = ", ".join(f"{number} {status}" for status, number in statuses.items())
    return f"Of {sum(statuses.values())} items: {shown}."
