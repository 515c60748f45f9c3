from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.campaign.drift import STAKES, Baseline, Detector, alarm_level, highest_evidence


def seen(floor: float, xs: list[float]) -> Detector:
    detector = Detector(floor)
    for x in xs:
        detector = detector.after(x)
    return detector


@given(st.lists(st.floats(0.0, 1.0), max_size=12), st.floats(0.0, 0.95))
def test_it_is_the_sum_of_the_wealth_of_all_gamblers_that_ever_began(xs: list[float], floor: float) -> None:
    total = 0.0
    for stake in STAKES:
        for begin in range(len(xs)):
            wealth = 1.0
            for x in xs[begin:]:
                wealth *= 1 - stake + stake * (1 - x) / (1 - floor)
            total += wealth
    assert seen(floor, xs).evidence == pytest.approx(total / len(STAKES), rel=1e-9)


@pytest.mark.parametrize("floor", [-0.1, 1.0, 1.5])
def test_a_floor_that_cannot_be_one_is_refused(floor: float) -> None:
    with pytest.raises(ValueError, match="floor"):
        Detector(floor)


@pytest.mark.parametrize("x", [-0.01, 1.01, float("nan")])
def test_a_value_that_cannot_be_one_is_refused(x: float) -> None:
    with pytest.raises(ValueError, match="value"):
        Detector(0.5).after(x)


def test_it_never_overflows() -> None:
    assert seen(0.99, [0.0] * 2_000).evidence <= 1e300


def test_a_good_stream_is_forgotten_and_a_bad_one_alarms_soon() -> None:
    rng = Random(5)
    level = alarm_level(34_500, 2, 0.05)
    detector = seen(0.5, [float(rng.random() < 0.63) for _ in range(10_000)])
    assert detector.evidence < level
    delay = 0
    while detector.evidence < level:
        detector = detector.after(float(rng.random() < 0.3))
        delay += 1
    assert delay < 250


@given(st.lists(st.floats(0.0, 1.0), max_size=60), st.floats(0.0, 0.99))
def test_the_highest_evidence_is_that_of_a_detector_on_its_way(xs: list[float], floor: float) -> None:
    on_the_way = [seen(floor, xs[:count]).evidence for count in range(len(xs) + 1)]
    assert highest_evidence(xs, floor) == pytest.approx(max(on_the_way), rel=1e-9)


def test_a_baseline_rises_towards_the_mean_and_never_falls() -> None:
    rng, baseline, floors = Random(1), Baseline(0.3, 0.05), []
    for number in range(8_000):
        baseline = baseline.after(float(rng.random() < (0.7 if number < 6_000 else 0.2)))
        floors.append(baseline.floor)
    assert floors == sorted(floors)
    assert floors[200] == 0.3, "few values prove nothing"
    assert 0.66 < floors[5_999] < 0.7
    assert floors[-1] == floors[5_999]


def test_a_baseline_is_above_the_mean_of_a_steady_stream_in_few_campaigns() -> None:
    rng, above = Random(2), 0
    for _ in range(60):
        baseline = Baseline(0.0, 0.05)
        for _ in range(1_500):
            baseline = baseline.after(float(rng.random() < 0.6))
        above += baseline.floor > 0.6
    assert above <= 60 * 0.05 + 3 * (60 * 0.05 * 0.95) ** 0.5
