"""Prompts: what was printed stands there as it was, and the causes offered have one right one."""

from __future__ import annotations

import pytest

from agents.training.domains.errors import DOMAIN
from agents.training.domains.errors.asking import choices, trace
from agents.training.domains.errors.scene import scene_of
from agents.training.domains.errors.slips import FAMILIES
from agents.training.sample import Cell


@pytest.mark.parametrize("family", FAMILIES)
def test_a_prompt_has_source_message_contract_and_causes(family):
    for level in (1, 2, 3):
        item = DOMAIN.item(Cell(family, level), 1, 4)
        scene = scene_of(item)
        for variant in range(3):
            asked = DOMAIN.prompt(item, variant)[-1].content
            assert "\n".join(scene.shown) in asked
            assert all(line in asked for line in scene.report[:4])
            assert scene.routine.goal in asked
            assert scene.routine.ret in asked
            assert all(f"`{cause}`" in asked for cause in choices(scene, level))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_prompt_says_how_rows_are_counted_and_what_sizes_immediates(family):
    item = DOMAIN.item(Cell(family, 2), 3, 4)
    asked = DOMAIN.prompt(item, 0)[-1].content
    assert "belongs above" in asked
    assert "several rows" in asked
    assert ("the row of the branch" in asked) == (family == "branch_range")
    assert (".a8, .a16, .i8 and .i16" in asked) == (family in {"width", "width_runtime"})


@pytest.mark.parametrize("family", FAMILIES)
def test_the_true_cause_is_offered_once_among_others(family):
    for level, most in ((1, 3), (2, 4), (3, 6)):
        scene = scene_of(DOMAIN.item(Cell(family, level), 2, 4))
        offered = choices(scene, level)
        assert offered.count(scene.defect.cause) == 1
        assert len(set(offered)) == len(offered) == most


def test_the_true_cause_stands_anywhere():
    scenes = [scene_of(DOMAIN.item(Cell("width", 2), index, 4)) for index in range(40)]
    assert {choices(scene, 2).index(scene.defect.cause) for scene in scenes} == {0, 1, 2, 3}


def test_a_long_trace_has_a_gap_and_both_ends():
    scene = scene_of(DOMAIN.item(Cell("endless", 1), 0, 4))
    assert scene.ending is not None
    rows = trace(scene.ending, 10)
    assert len(rows) == 12
    assert rows[0].startswith("entry")
    assert f"... {len(scene.ending.steps) - 10} instructions ..." in rows
    assert scene.ending.steps[-1].text in rows[-1]
