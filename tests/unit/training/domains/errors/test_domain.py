"""The port: cells, purity, answers, mistakes, variety."""

from __future__ import annotations

import os
import subprocess
import sys
from random import Random

import pytest

from agents.training.domains.errors import DOMAIN
from agents.training.domains.errors.slips import FAMILIES
from agents.training.sample import SourceItem

CELLS = DOMAIN.cells()


def judged(item: SourceItem, answer: str) -> float:
    return DOMAIN.judge(item, DOMAIN.prompt(item, 0), answer).quality


def test_every_family_has_three_levels():
    assert list(CELLS) == sorted(CELLS)
    assert {(cell.family, cell.difficulty) for cell in CELLS} == {
        (name, level) for name in FAMILIES for level in (1, 2, 3)
    }
    assert DOMAIN.capacity() is None


@pytest.mark.parametrize("family", FAMILIES)
def test_honest_answers_are_right_and_well_explained(family):
    for cell in (cell for cell in CELLS if cell.family == family):
        for index in range(3):
            item = DOMAIN.item(cell, index, 5)
            assert judged(item, DOMAIN.answer(item, index)) >= 0.9, (cell, index)


@pytest.mark.parametrize("family", FAMILIES)
def test_mistakes_are_caught(family):
    for cell in (cell for cell in CELLS if cell.family == family):
        for index in range(3):
            item = DOMAIN.item(cell, index, 6)
            answer = DOMAIN.answer(item, index)
            spoiled = DOMAIN.spoil(item, answer, Random(index))
            assert spoiled != answer
            assert judged(item, spoiled) <= 0.3, (cell, index, spoiled)


def test_mistakes_can_be_made_in_any_text():
    for number, cell in enumerate(CELLS[::9]):
        item = DOMAIN.item(cell, number, 5)
        for seed in range(12):
            for text in ("", "no code here", "```asm\n```", "```asm\nlda #1"):
                assert DOMAIN.spoil(item, text, Random(seed)) != text


def test_items_are_small_and_differ():
    items = [DOMAIN.item(cell, index, 5) for cell in CELLS[::10] for index in range(20)]
    assert len({item.id for item in items}) == len(items)
    assert all(set(item.params) == {"salt"} for item in items)


def test_variants_say_it_in_other_words():
    for cell in CELLS[::7]:
        item = DOMAIN.item(cell, 2, 5)
        assert len({DOMAIN.prompt(item, variant)[-1].content for variant in range(8)}) >= 7
        assert len({DOMAIN.answer(item, variant) for variant in range(8)}) >= 7


DIGEST = """
import hashlib
from random import Random
from agents.training.domains.errors import DOMAIN
digest = hashlib.sha256()
for number, cell in enumerate(DOMAIN.cells()[::4]):
    item = DOMAIN.item(cell, number, 3)
    answer = DOMAIN.answer(item, number)
    spoiled = DOMAIN.spoil(item, answer, Random(number))
    prompt = DOMAIN.prompt(item, number)
    judged = [DOMAIN.judge(item, prompt, text) for text in (answer, spoiled)]
    digest.update(repr((item.id, prompt, answer, spoiled, judged)).encode())
print(digest.hexdigest())
"""


def test_two_processes_agree_whatever_the_hash_seed():
    found = {
        subprocess.run(
            [sys.executable, "-c", DIGEST], env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": "src"},
            capture_output=True, text=True, check=True, timeout=60,
        ).stdout
        for seed in ("1", "4242")
    }  # fmt: skip
    assert len(found) == 1
