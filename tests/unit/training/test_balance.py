from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.training.balance import FEWEST, Balance

WEIGHTS = {"asm": 0.6, "yaze": 0.4}


def seen(balance: Balance, **accepted: int) -> Balance:
    """Show accepted samples, the domains in turn as long as they have some left."""
    for turn in range(max(accepted.values())):
        for domain, count in accepted.items():
            if turn < count:
                balance = balance.after(domain, accepted=True)
    return balance


def test_shares_at_their_weights_are_inside_and_far_from_them_outside() -> None:
    balance = Balance.of(WEIGHTS, {}, 0.1)
    assert seen(balance, asm=600, yaze=400).outside() is None
    assert seen(balance, asm=520, yaze=480).outside() is None
    assert seen(balance, asm=450, yaze=550).outside() == (
        "asm has 45.0% of the 1,000 accepted samples, 50.0% to 70.0% are allowed"
    )


def test_few_samples_say_nothing() -> None:
    balance = Balance.of(WEIGHTS, {}, 0.1)
    assert seen(balance, yaze=FEWEST - 1).outside() is None
    assert seen(balance, yaze=FEWEST).outside() is not None


def test_what_the_pilot_gave_and_the_weights_are_both_inside() -> None:
    balance = Balance.of(WEIGHTS, {"asm": 0.3, "yaze": 0.9}, 0.05)
    assert seen(balance, asm=340, yaze=660).outside() is None, "0.18 to 0.36 is a third"
    assert seen(balance, asm=600, yaze=400).outside() is None
    assert seen(balance, asm=250, yaze=750).outside() is not None


def test_rejected_samples_and_a_pilot_that_gave_nothing_change_no_share() -> None:
    balance = Balance.of(WEIGHTS, {"asm": 0.0, "yaze": 0.0}, 0.1)
    assert balance.allowed == Balance.of(WEIGHTS, {}, 0.1).allowed
    assert balance.after("asm", accepted=False) is balance


def test_switched_off_it_is_watched_again_once_it_is_inside() -> None:
    balance = Balance(Balance.of(WEIGHTS, {}, 0.1).allowed, {"asm": 400, "yaze": 600}, is_off=True)
    still = seen(balance, asm=100)
    assert still.is_off
    assert not seen(still, asm=200).is_off


@given(st.dictionaries(st.sampled_from("abcd"), st.floats(0.01, 1.0), min_size=2), st.just(0.0) | st.floats(0.001, 1.0))
def test_a_share_may_always_be_its_weight(parts: dict[str, float], acceptance: float) -> None:
    weights = {name: part / sum(parts.values()) for name, part in parts.items()}
    allowed = Balance.of(weights, dict.fromkeys(weights, acceptance), 0.1).allowed
    for name, (low, high) in allowed.items():
        assert low < weights[name] < high
        assert high - low == pytest.approx(0.2)
