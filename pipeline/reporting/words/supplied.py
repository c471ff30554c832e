"""What people supply about a model in `model_card.yaml`: the names of its fields, and what is said of blank ones."""

from pipeline.phrases import phrase
from pipeline.reporting.language import say

GROUPS = {
    phrase("Use"): {
        "users": phrase("Intended users"),
        "decision": phrase("Decision it informs"),
        "out_of_scope": phrase("Uses out of scope"),
        "context": phrase("Clinical context and earlier models"),
        "inequalities": phrase("Known health inequalities"),
        "instructions": phrase("What users do and must know"),
    },
    phrase("People"): {
        "developed_by": phrase("Developed by"),
        "responsible": phrase("Responsible"),
        "contact": phrase("How to reach them"),
        "maintenance": phrase("Who retrains it, and when"),
    },
    phrase("Study"): {
        "setting": phrase("Setting and centres"),
        "dates": phrase("Recruitment and end of follow-up"),
        "outcome_assessors": phrase("Who assessed the outcome"),
        "outcome_blinding": phrase("Blinding of that assessment"),
        "predictor_choice": phrase("How the initial predictors were chosen"),
        "predictor_assessors": phrase("Who assessed the predictors"),
        "sample_size": phrase("How the number of patients came about"),
        "class_imbalance": phrase("What was done about rare events"),
    },
    phrase("Ethics and openness"): {
        "ethics": phrase("Ethical considerations"),
        "legal_basis": phrase("Ethical approval, consent or legal basis"),
        "funding": phrase("Funding"),
        "conflicts": phrase("Conflicts of interest"),
        "protocol": phrase("Protocol"),
        "registration": phrase("Registration"),
        "code": phrase("Availability of the code"),
        "full_model": phrase("Availability of the full model"),
        "involvement": phrase("Involvement of patients and the public"),
    },
    phrase("Limits"): {
        "known_failures": phrase("Known failures"),
        "caveats": phrase("Caveats and recommendations"),
        "interpretation": phrase("Interpretation beside earlier studies"),
        "next_steps": phrase("Next steps for research"),
    },
}
"""The label of each field, by group."""
CAPTION = phrase("What people supply, and no computation can tell")
NOT_SUPPLIED = phrase("Not supplied")


def say_supplied(given: int, fields: int) -> str:
    """How many of the fields were supplied, and by whom."""
    return say(
        "Of {fields} items that no computation can tell, {given} are supplied in model_card.yaml, by the people who "
        "answer for this model.",
        fields=fields,
        given=given,
    )
