"""Names that say that a column is known only after the moment of prediction."""

import re

FAMILY = re.compile(r"family|father|mother|parent|sibling|previous|prior|history|past|before|baseline|since")
"""What happened earlier, or to others, is no leak, whatever else the name says."""

LATER = re.compile(
    r"(^|[^a-z])("
    r"time|[df]time|futime|duration|follow[\W_]*up|fu|days?[\W_]*to|os|dfs|pfs|died|dead|deaths?|deceased|expired|exitus|"
    r"mortality|hospdead|vital[\W_]*status|surviv\w*|surv\d+\w*|discharged?|disposition|length[\W_]*of[\W_]*stay|"
    r"hospital[\W_]*stay|s?los|readmi\w*|outcomes?|recurr(ed|ence)|relapsed?|costs?|charges?|totm?cst|dnr\w*|resuscit\w*|"
    r"autopsy|post[\W_]?(op|operative|mortem|treatment|discharge)\w*|later|off[\W_]?t(rt|reatment)|prognos\w*|prg\d*\w*|"
    r"censor\w*|r?dth|events?|targets?|label"
    r")([^a-z]|$)"
)
OF_TESTS = re.compile(r"(prothrombin|bleeding|clotting|thromboplastin|reaction|door|time of day)")


def sounds_later(*names: str) -> bool:
    """Whether one of `names` (a column's name, its label) says that the value is known only later."""
    parted = [re.sub(r"(?<=[a-z])(?=[A-Z])|[_.]+", " ", name) for name in names]  # timeInHospital, d.time
    plain = [name.lower() for name in parted]
    harmless = any(FAMILY.search(name) or OF_TESTS.search(name) for name in plain)
    return not harmless and any(LATER.search(name) for name in plain)
