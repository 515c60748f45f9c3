"""A sketch in C says exactly what its routine does."""

from __future__ import annotations

import pytest
from small_c import run

from agents.training.domains.asm.samples import routine_from
from agents.training.domains.asm.sketches import SKETCHES, sketch
from agents.training.domains.asm.sketches.writer import Sketch
from agents.training.routines.contract import Place


def encoded(place: Place, value) -> bytes | int:
    return place.encode(value) if place.size else value


@pytest.mark.parametrize("noun", SKETCHES)
def test_the_function_gives_what_the_routine_gives(noun):
    for level in (1, 2, 3):
        for salt in range(4):
            routine = routine_from(noun, level, f"c{salt}")
            for case in (*routine.cases, *routine.probes)[:9]:
                left = run(routine, case)
                for place in routine.outputs:
                    expected = encoded(place, case.expect[place.name])
                    assert encoded(place, left[place.name]) == expected, (sketch(routine), case)


def test_every_place_is_declared_with_its_address():
    routine = routine_from("bit_field", 2, "1")
    text = sketch(routine)
    assert f"{routine.label}(" in text
    for place in (*routine.inputs, *routine.outputs):
        assert place.name.replace(" ", "_") in text
        assert not place.in_memory or f"${place.addr:02X}" in text or f"${place.addr:04X}" in text


def test_local_names_stay_clear_of_the_globals():
    routine = routine_from("popcount", 1, "0")
    found = Sketch(routine)
    taken = found.inputs[0]
    assert found.local("u8", f"{taken}|free") == "free"
    assert found.local("u8", "free|other") == "other"


def test_a_routine_that_does_not_say_its_constants_is_refused():
    with pytest.raises(LookupError, match="nothing like"):
        Sketch(routine_from("total", 1, "0")).found(r"no such words (\d+)")
