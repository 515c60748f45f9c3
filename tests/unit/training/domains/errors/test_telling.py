"""Answers: where the fault is said to be, and the case they show."""

from __future__ import annotations

import pytest

from agents.training.domains.errors import DOMAIN
from agents.training.domains.errors.diagnosis import cost
from agents.training.domains.errors.scene import Scene, code, scene_of, telling_case
from agents.training.domains.errors.slips import FAMILIES
from agents.training.phrases import seeded
from agents.training.routines.contract import Case, Routine
from agents.training.routines.proof import assembled, observe
from agents.training.sample import Cell, SourceItem


def items(family: str, count: int = 9) -> list[SourceItem]:
    return [DOMAIN.item(Cell(family, 1 + index % 3), index, 21) for index in range(count)]


def of_cause(family: str, cause: str) -> list[tuple[SourceItem, Scene]]:
    found = ((item, scene_of(item)) for item in items(family, 60))
    return [(item, scene) for item, scene in found if scene.defect.cause == cause][:6]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_row_is_not_quoted_in_two_sentences_in_a_row(family):
    for item in items(family):
        text = code(scene_of(item).shown[scene_of(item).row - 1])
        for variant in range(6):
            answer = DOMAIN.answer(item, variant)
            assert f"`{text}`. `{text}`" not in answer
            assert f"(`{text}`). `{text}`" not in answer
            assert "``" not in answer.replace("```", "")


def test_a_return_that_is_missing_belongs_behind_the_last_row():
    seen = 0
    for item, scene in of_cause("brk", "missing_return"):
        if scene.mended[: len(scene.shown)] == scene.shown:
            answer = DOMAIN.answer(item, 0)
            assert "the last one." in answer or "at the very end" in answer
            assert {scene.row, scene.row + 1} <= scene.rows
            seen += 1
    assert seen


def test_what_is_missing_in_front_of_a_label_belongs_above_the_label():
    seen = 0
    for family, cause in (("brk", "missing_return"), ("width_runtime", "missing_rep"), ("results", "missing_store")):
        for _, scene in of_cause(family, cause):
            at = scene.row - 1
            if scene.mended[: len(scene.shown)] != scene.shown:
                assert scene.shown[:at] == scene.mended[:at]
                seen += scene.mended[at + 1] == scene.shown[at]
    assert seen


@pytest.mark.parametrize(("family", "cause"), [("clobber", "not_saved"), ("data_bank", "move_changes_bank")])
def test_of_two_missing_rows_the_first_is_named(family, cause):
    for item, scene in of_cause(family, cause):
        assert "two missing rows" in DOMAIN.answer(item, 1).lower() or "two rows are" in DOMAIN.answer(item, 1).lower()
        first = next(at for at, (was, now) in enumerate(zip(scene.shown, scene.mended, strict=False), 1) if was != now)
        assert scene.row in {first, first + 1}


def test_a_case_is_shown_that_is_not_all_zero():
    for family in FAMILIES:
        for item in items(family, 4):
            routine = scene_of(item).routine
            case = telling_case(seeded("case", family), routine)
            assert not is_dull(routine, case) or all(is_dull(routine, other) for other in routine.cases)


def is_dull(routine: Routine, case: Case) -> bool:
    """Return whether the inputs of ``case``, or its results, are nothing but zeros."""
    sides = ((routine.inputs, case.given), (routine.outputs, case.expect))
    return any(
        places and not any(any(place.encode(values[place.name])) for place in places) for places, values in sides
    )


def test_the_cost_is_that_of_the_observed_run():
    for item in items("results", 6):
        scene = scene_of(item)
        program, case = assembled(scene.routine, "\n".join(scene.mended)), scene.routine.cases[0]
        run, seen = cost(scene.routine, program, case), observe(scene.routine, program, case)
        assert (run.returned, run.instructions, run.cycles) == (True, seen.instructions, seen.cycles)
