"""Drawn inputs are valid, and the first ones miss no edge."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agents.training.phrases import seeded
from agents.training.routines import probes
from agents.training.routines.contract import Place

FIRST = Place("first", "mem", 0x10, 2, "", "$10")
SECOND = Place("second", "mem", 0x20, 2, "", "$20")
BLOCK = Place("block", "mem", 0x30, 6, "", "$30", array=True)
OTHER = Place("other", "mem", 0x40, 6, "", "$40", array=True)


@given(st.integers(), st.integers(0, 200), st.integers(0, 55))
def test_numbers_and_bytes_stay_inside_their_span(seed, low, more):
    rng, span = seeded(seed), (low, low + more)
    values = probes.inputs(
        rng, [FIRST, SECOND, BLOCK], dict.fromkeys(("first", "second", "block"), span), (3, 128, 999)
    )
    assert low <= values["first"] <= low + more
    assert low <= values["second"] <= low + more
    assert len(values["block"]) == 6
    assert all(low <= byte <= low + more for byte in values["block"])


@given(st.integers(), st.integers(1, 8))
def test_decimal_numbers_have_decimal_digits(seed, count):
    value = probes.digits(seeded(seed), count)
    assert f"{value:0{count}x}".isdecimal()
    assert value < 16**count


def test_a_single_number_meets_its_edges_in_the_first_turns():
    rng = seeded("edges")
    met = {probes.inputs(rng, [FIRST], {}, (77,), turn)["first"] for turn in range(12)}
    assert {77, 0, 1, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF, 0x00FF, 0x0100} <= met


def test_two_numbers_are_equal_and_neighbours_and_complements_in_the_first_turns():
    rng = seeded("kin")
    pairs = [probes.inputs(rng, [FIRST, SECOND], {}, (), turn) for turn in range(8)]
    differences = {(values["second"] - values["first"]) & 0xFFFF for values in pairs}
    assert {0, 1, 0xFFFF, 0x8000} <= differences
    assert any(values["first"] + values["second"] == 0xFFFF for values in pairs)


def test_two_blocks_are_equal_or_differ_in_one_bit():
    rng = seeded("blocks")
    pairs = [probes.inputs(rng, [BLOCK, OTHER], {}, (), turn) for turn in range(6)]
    wrong = [sum(a != b for a, b in zip(values["block"], values["other"], strict=True)) for values in pairs]
    assert set(wrong) == {0, 1}


def test_equal_seeds_give_equal_inputs():
    first, second = (
        [probes.inputs(seeded("same"), [FIRST, BLOCK], {}, (5,), turn) for turn in range(20)] for _ in range(2)
    )
    assert first == second
