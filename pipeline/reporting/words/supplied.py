"""What people supply about a model in `model_card.yaml`: the names of its fields, and what is said of blank ones."""

GROUPS = {
    "Use": {
        "users": "Intended users",
        "decision": "Decision it informs",
        "out_of_scope": "Uses out of scope",
        "context": "Clinical context and earlier models",
        "inequalities": "Known health inequalities",
        "instructions": "What users do and must know",
    },
    "People": {
        "developed_by": "Developed by",
        "responsible": "Responsible",
        "contact": "How to reach them",
        "maintenance": "Who retrains it, and when",
    },
    "Study": {
        "setting": "Setting and centres",
        "dates": "Recruitment and end of follow-up",
        "outcome_assessors": "Who assessed the outcome",
        "outcome_blinding": "Blinding of that assessment",
        "predictor_choice": "How the initial predictors were chosen",
        "predictor_assessors": "Who assessed the predictors",
        "sample_size": "How the number of patients came about",
        "class_imbalance": "What was done about rare events",
    },
    "Ethics and openness": {
        "ethics": "Ethical considerations",
        "legal_basis": "Ethical approval, consent or legal basis",
        "funding": "Funding",
        "conflicts": "Conflicts of interest",
        "protocol": "Protocol",
        "registration": "Registration",
        "code": "Availability of the code",
        "full_model": "Availability of the full model",
        "involvement": "Involvement of patients and the public",
    },
    "Limits": {
        "known_failures": "Known failures",
        "caveats": "Caveats and recommendations",
        "interpretation": "Interpretation beside earlier studies",
        "next_steps": "Next steps for research",
    },
}
"""The label of each field, by group."""
CAPTION = "What people supply, and no computation can tell"
NOT_SUPPLIED = "Not supplied"


def say_supplied(given: int, fields: int) -> str:
    """How many of the fields were supplied, and by whom."""
    return (
        f"Of {fields} items that no computation can tell, {given} are supplied in model_card.yaml, by the people who "
        "answer for this model."
    )
