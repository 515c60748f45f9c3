"""Scenes: every diagnostic comes from a run, every cause turns up, every mended text is right."""

from __future__ import annotations

from functools import cache

import pytest

from agents.training.domains.errors import DOMAIN
from agents.training.domains.errors.diagnosis import diagnose
from agents.training.domains.errors.scene import Scene, code, scene_of
from agents.training.domains.errors.slips import FAMILIES
from agents.training.routines.proof import assembled, prove
from agents.training.sample import Cell
from agents.training.w65816 import AssemblyError


@cache
def scenes(family: str) -> list[Scene]:
    cells = [Cell(family, level) for level in (1, 2, 3)]
    return [scene_of(DOMAIN.item(cell, index, 11)) for index in range(6) for cell in cells]


@pytest.mark.parametrize("family", FAMILIES)
def test_what_the_tool_said_is_what_it_says(family):
    for scene in scenes(family):
        source = "\n".join(scene.shown)
        if scene.error:
            with pytest.raises(AssemblyError) as raised:
                assembled(scene.routine, source)
            assert scene.report == (str(raised.value),)
            assert 1 <= raised.value.line <= len(scene.shown)
            assert raised.value.kind in FAMILIES[family].ends
        else:
            ending = diagnose(scene.routine, assembled(scene.routine, source))
            assert ending is not None
            assert scene.report == tuple(finding.text for finding in ending.findings)
            assert ending.kinds & FAMILIES[family].ends


@pytest.mark.parametrize("family", FAMILIES)
def test_the_defect_shows_and_the_mended_text_is_right(family):
    for scene in scenes(family):
        mended = assembled(scene.routine, "\n".join(scene.mended))
        assert prove(scene.routine, mended).holds, (scene.defect.cause, scene.mended)
        assert diagnose(scene.routine, mended) is None
        if not scene.error:
            assert not prove(scene.routine, assembled(scene.routine, "\n".join(scene.shown))).holds


@pytest.mark.parametrize("family", FAMILIES)
def test_causes_vary(family):
    found = [scene.defect.cause for scene in scenes(family)]
    assert set(found) <= set(FAMILIES[family].words)
    assert len(set(found)) >= min(len(FAMILIES[family].words), 3) - (len(FAMILIES[family].words) <= 3)
    assert max(found.count(cause) for cause in found) <= 0.8 * len(found)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_row_named_is_the_row_that_is_wrong(family):
    for scene in scenes(family):
        assert scene.row in scene.rows
        last = len(scene.shown) + (scene.defect.wrong is None)
        assert all(1 <= row <= last for row in scene.rows)
        if scene.defect.wrong is not None:
            text = " ".join(code(scene.shown[scene.row - 1]).split())
            assert " ".join(scene.tells["wrong"].strip("`").split()).removesuffix(":") in text, scene.shown


@pytest.mark.parametrize("family", FAMILIES)
def test_words_of_a_cause_can_be_said_of_each_of_its_scenes(family):
    for scene in scenes(family):
        for form in (*scene.words.why, *scene.words.avoid):
            said = form.format(**scene.tells)
            assert "{" not in said
            assert "``" not in said


def test_a_distance_is_the_one_that_the_assembler_met():
    for scene in scenes("branch_range"):
        if scene.defect.cause.startswith("data"):
            assert int(scene.tells["distance"]) > 127
            assert scene.tells["distance"] in scene.report[0]


def test_scenes_of_a_family_differ():
    for family in ("decimal", "late_constant", "syntax"):
        assert len({scene.shown for scene in scenes(family)}) == len(scenes(family))
