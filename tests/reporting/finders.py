"""What no text of a page may hold: words that claim a cause, found by pattern."""

import re

WHOSE = r"(?:(?:the|a|an|any|each|their|its|his|her|your|this|that|one's|(?:a|the) patient'?s'?|patients'?) )?"
CAUSAL = (
    r"would (?:reduce|lower|raise|increase|decrease|improve|prevent|avoid|worsen|save)(?! the AUROC)",
    rf"(?:reduc|rais|increas|decreas)(?:e|es|ed|ing) {WHOSE}risks?",
    rf"(?:lowers|lowered|lowering|cuts?|cutting|halves|doubles|improves?|worsens?) {WHOSE}"
    r"(?:risks?|outcomes?|prognosis|survival|chances?)",
    r"lower (?:the|their|his|her|your|a patient's) (?:risks?|chances?)",
    r"prevent(?:s|ed|ing|ion|able)?",
    r"avert(?:s|ed|ing)?",
    r"protect(?:s|ed|ing|ive|ion)?",
    r"(?:due|owing|thanks) to",
    r"caus(?:es?|ed|ing|al|ally|ative)",
    r"(?:lead|leads|led|leading) to",
    r"(?:results?|resulted|resulting) in",
    r"(?:is|are|as|in) (?:the |a )?(?:results?|consequences?) of",
    r"because of (?:\w+ ){0,3}(?:the |a |their )?risk",
    r"(?:effects?|impacts?|influences?) (?:of|on)",
    r"(?<!net )(?:benefits?|harms?) (?:of|from)",
    r"(?:affects?|influences?|impacts?|drives?|driven by|triggers?|induces?|produces?|contributes? to|responsible for"
    r"|attributable to|brings? about|cures?|heals?|saves? lives)",
    r"(?:makes?|making) (?:\w+ ){1,4}(?:more|less) likely",
    r"(?:helps?|helped|helping) (?:to )?(?:lower|reduce|prevent|avoid|raise)",
)
"""Claims of a cause. What only negates one, or speaks of the predicted risk, matches none of them."""
_CAUSAL = re.compile("|".join(rf"\b(?:{pattern})\b" for pattern in CAUSAL), re.IGNORECASE)


def find_causes(text: str) -> list[str]:
    """The words of a text that claim a cause."""
    return [found[0] for found in _CAUSAL.finditer(text)]
