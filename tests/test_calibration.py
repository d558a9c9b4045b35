"""Whether probabilities mean what they say: by hand, and where a binned error flatters."""

import math

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.metrics import agreement, expected_calibration_error, expected_error, nats_above_floor, reliability


def test_reliability_by_hand():
    p, came = [0.05, 0.15, 0.19, 0.2, 0.95, 1.0], [0, 1, 0, 1, 1, 0]
    found = reliability(p, came, bins=5)
    assert found == [pytest.approx(bin) for bin in [(0.13, 1 / 3, 3), (0.2, 1.0, 1), (0.975, 0.5, 2)]]
    assert expected_calibration_error(p, came, bins=5) == pytest.approx((3 * (1 / 3 - 0.13) + 0.8 + 2 * 0.475) / 6)
    found = reliability(p[::-1], came[::-1], bins=3, equal="mass")
    assert found == [pytest.approx(bin) for bin in [(0.1, 0.5, 2), (0.195, 0.5, 2), (0.975, 0.5, 2)]]
    assert expected_calibration_error(p, came, 3, "mass") == pytest.approx((0.4 + 0.305 + 0.475) / 3)


def test_each_of_many_has_a_bin():
    rng = np.random.default_rng(0)
    p = np.append(rng.random(1001), [0.0, 1.0])
    came = rng.random(1003) < p
    for equal in ("width", "mass"):
        found = reliability(p, came, 7, equal)
        assert sum(part.cases for part in found) == 1003
        assert sum(part.cases * part.said for part in found) == pytest.approx(p.sum())
        assert sum(part.cases * part.came for part in found) == pytest.approx(came.sum())
    assert {part.cases for part in reliability(p, came, 7, "mass")} <= {143, 144}


def test_a_binned_error_can_flatter():
    """Half of what is said is too low, half too high: in one bin they cancel, beside the true ones they do not."""
    rng = np.random.default_rng(1)
    true = rng.choice([0.62, 0.68], 200_000)
    came = rng.random(len(true)) < true
    said = 1.3 - true
    assert expected_error(said, true) == pytest.approx(0.06)
    assert expected_calibration_error(said, came, 10) < 0.01
    assert expected_calibration_error(said, came, 100) > 0.05


def test_nats_above_the_floor_are_a_divergence():
    true, said = np.array([0.9, 0.25, 0.5]), np.array([0.8, 0.4, 0.5])
    by_hand = np.mean([0.9 * math.log(0.9 / 0.8) + 0.1 * math.log(0.1 / 0.2),
                       0.25 * math.log(0.25 / 0.4) + 0.75 * math.log(0.75 / 0.6), 0])  # fmt: skip
    assert nats_above_floor(np.log(said / (1 - said)), true) == pytest.approx(by_hand)
    assert nats_above_floor(np.log(true / (1 - true)), true) == pytest.approx(0, abs=1e-12)
    assert nats_above_floor([800.0, -800.0], [1.0, 0.0]) == pytest.approx(0, abs=1e-12)
    assert nats_above_floor([-800.0], [1.0]) == pytest.approx(800)


def test_agreement_is_with_the_better_decision():
    assert agreement([2, -1, 0.1, -5], [0.9, 0.8, 0.51, 0.2]) == 0.75
    assert agreement([3, -3], [0.5, 0.5]) == 1


@pytest.mark.parametrize("wrong", [
    lambda: expected_error([0.5], [0.5, 0.5]), lambda: expected_error([1.5], [0.5]), lambda: expected_error([], []),
    lambda: reliability([0.5], [2]), lambda: reliability([0.5], [0.5]), lambda: reliability([0.5], [1], bins=0),
    lambda: reliability([0.5], [1], equal="size"), lambda: expected_calibration_error([math.nan], [1]),
    lambda: nats_above_floor([1, 2], [0.5]), lambda: agreement([1], [7]), lambda: agreement([1], [[0.7]]),
])  # fmt: skip
def test_what_is_no_probability_is_refused(wrong):
    with pytest.raises(CourseError):
        wrong()
