import pytest

from pipeline.estimates import Estimate
from pipeline.explanation.effects.sensitivity import describe_sensitivity, e_value, e_value_of_limit


@pytest.mark.parametrize(
    ("ratio", "lo", "hi", "value", "limit"),
    [
        (10.73, 8.02, 14.36, 20.9, 15.5),  # smoking and lung cancer, Hammond and Horn 1958
        (3.9, 1.8, 8.7, 7.2, 3.0),  # bottle feeding and death from respiratory infection, Victora et al. 1987
        (0.80, 0.71, 0.91, 1.81, 1.43),  # breastfeeding and childhood leukaemia, Amitay and Keinan-Boker 2015
    ],
)
def test_published_values(ratio, lo, hi, value, limit):
    """Examples of VanderWeele and Ding 2017 and of Haneuse, VanderWeele and Arterburn 2019."""
    assert e_value(ratio) == pytest.approx(value, abs=0.07)
    assert e_value_of_limit(lo, hi) == pytest.approx(limit, abs=0.05)


@pytest.mark.parametrize("ratio", [1.01, 1.5, 4.0, 30.0])
def test_a_confounder_of_that_strength_explains_the_ratio_away(ratio):
    """The bounding factor of two ratios of size E, E * E / (2E - 1), is the ratio (Ding and VanderWeele 2016)."""
    e = e_value(ratio)
    assert e * e / (2 * e - 1) == pytest.approx(ratio)
    assert e_value(1 / ratio) == pytest.approx(e)


def test_an_interval_with_1_needs_no_confounder():
    assert e_value_of_limit(0.8, 1.2) == 1
    assert e_value(1.0) == 1


def test_without_a_ratio_the_reason_is_kept():
    found = describe_sensitivity(Estimate(None, None, None, "too few"))
    assert {estimate.reason for estimate in found.values()} == {"too few"}
    assert {estimate.value for estimate in found.values()} == {None}
