"""What a message means, and where a trace leaves the source."""

from __future__ import annotations

import re

from agents.training.domains.errors import DOMAIN
from agents.training.domains.errors.diagnosis import place
from agents.training.domains.errors.messages import derailed, reading
from agents.training.domains.errors.scene import Scene, scene_of
from agents.training.domains.errors.slips import FAMILIES
from agents.training.phrases import seeded
from agents.training.routines.proof import assembled
from agents.training.sample import Cell


def scenes(family: str, cause: str, count: int = 6) -> list[Scene]:
    found = (scene_of(DOMAIN.item(Cell(family, 2), index, 3)) for index in range(100))
    return [scene for scene in found if scene.defect.cause == cause][:count]


def test_a_message_is_read_with_its_kind_or_its_words():
    for family in FAMILIES:
        scene = scene_of(DOMAIN.item(Cell(family, 1), 0, 3))
        said = reading(seeded("reading", family), scene)
        assert scene.kind in said if scene.error else scene.report[0] in said


def test_data_that_are_executed_are_pointed_at():
    for scene in scenes("brk", "data_in_path"):
        said = derailed(seeded("rails"), scene)
        program = assembled(scene.routine, "\n".join(scene.shown))
        data = next(line for line in program.listing if re.search(r"\bd[bw]\s", line.text, re.IGNORECASE))
        assert place(data.address) in said
        assert "data taken for an instruction" in said


def test_a_jump_out_of_the_program_is_told_with_both_ends():
    for scene in scenes("stack_imbalance", "missing_pull"):
        if scene.kind == "stopped" and scene.ending:
            said = derailed(seeded("rails"), scene)
            assert place(scene.ending.steps[-2].address) in said
            assert place(scene.ending.steps[-1].address) in said


def test_a_store_that_is_too_wide_is_told_with_the_byte_that_it_hits():
    seen = 0
    for scene in (scene_of(DOMAIN.item(Cell("width_runtime", 2), index, 3)) for index in range(60)):
        found = re.match(r"contract: (st.) \S+ at (\S+) wrote (\S+) ", scene.report[0])
        if found and scene.ending:
            step = next(step for step in scene.ending.steps if place(step.address) == found[2])
            wide = not (step.registers.x8 if found[1] in {"stx", "sty"} else step.registers.m8)
            said = derailed(seeded("rails"), scene)
            assert ("two bytes" in said and found[3] in said) == wide
            seen += wide
    assert seen


def test_a_trace_that_follows_the_source_is_not_commented():
    for scene in scenes("results", "off_by_one"):
        assert derailed(seeded("rails"), scene) == ""
