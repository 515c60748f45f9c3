"""The port: cells, purity, composition, mistakes, variety."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from random import Random

import pytest

from agents.training.domains.asm import DOMAIN
from agents.training.domains.asm.kinds import KINDS
from agents.training.sample import Cell, Judgement, SourceItem

CELLS = DOMAIN.cells()
TOKENS = re.compile(r"\w+|[^\w\s]")


def judged(item: SourceItem, answer: str) -> Judgement:
    return DOMAIN.judge(item, DOMAIN.prompt(item, 0), answer)


def sample(cell: Cell, index: int, variant: int = 0) -> tuple[SourceItem, str, str]:
    item = DOMAIN.item(cell, index, 5)
    prompt = "\n".join(message.content for message in DOMAIN.prompt(item, variant))
    return item, prompt, DOMAIN.answer(item, variant)


@pytest.mark.parametrize("kind", KINDS)
def test_honest_answers_of_every_cell_are_judged_right(kind):
    qualities = []
    for number, cell in enumerate(cell for cell in CELLS if cell.family.startswith(f"{kind}.")):
        item, _, answer = sample(cell, number, variant=number & 3)
        judgement = judged(item, answer)
        assert judgement.quality >= 0.8, (cell, number, judgement)
        qualities.append(judgement.quality)
    assert sum(qualities) / len(qualities) >= 0.93


def test_qualities_of_honest_answers_spread():
    qualities = {judged(item, answer).quality for item, _, answer in (sample(cell, 3) for cell in CELLS[::12])}
    assert len(qualities) >= 10


@pytest.mark.parametrize("kind", KINDS)
def test_mistakes_are_caught(kind):
    missed = []
    cells = [cell for cell in CELLS if cell.family.startswith(f"{kind}.")]
    for number, cell in enumerate(cells[::3]):
        item, _, answer = sample(cell, number)
        spoiled = DOMAIN.spoil(item, answer, Random(number))
        assert spoiled != answer
        if judged(item, spoiled).quality > 0.3:
            missed.append((cell, number))
    assert len(missed) <= 0.02 * len(cells), missed


def test_mistakes_can_be_made_in_any_text():
    for kind in KINDS:
        item = DOMAIN.item(next(cell for cell in CELLS if cell.family.startswith(f"{kind}.")), 1, 5)
        for seed in range(12):
            for text in ("", "no code here", "```asm\n```", "```asm\nlda #1"):
                assert isinstance(DOMAIN.spoil(item, text, Random(seed)), str)


def test_items_are_small_and_differ():
    items = [DOMAIN.item(cell, index, 5) for cell in CELLS[::50] for index in range(20)]
    assert len({item.id for item in items}) == len(items)
    assert all(set(item.params) == {"salt"} and 0 <= item.params["salt"] < 1 << 53 for item in items)
    assert DOMAIN.item(CELLS[0], 0, 5) == DOMAIN.item(CELLS[0], 0, 5) != DOMAIN.item(CELLS[0], 0, 6)


def test_variants_ask_for_the_same_thing_in_other_words():
    for cell in CELLS[::40]:
        item, first, answer = sample(cell, 2, 0)
        _, second, other = sample(cell, 2, 1)
        assert first != second
        assert answer != other
        assert judged(item, other).quality >= 0.85


def test_no_two_samples_of_a_family_are_alike():
    families = (
        "write.swap_bytes", "trace.hex_digits", "fix.swap_nibbles", "find.clamp", "explain.dma_setup", "flags.adc",
        "flags.count_down", "optimise.fill", "translate.average",
    )  # fmt: skip
    for family in families:
        seen: list[set[tuple[str, ...]]] = []
        for index in range(24):
            tokens = TOKENS.findall("\n".join(sample(Cell(family, index % 3 + 1), index)[1:]))
            shingles = {tuple(tokens[at : at + 5]) for at in range(len(tokens) - 4)}
            assert all(len(shingles & other) / len(shingles | other) <= 0.6 for other in seen), family
            seen.append(shingles)


DIGEST = """
import hashlib
from random import Random
from agents.training.domains.asm import DOMAIN
from agents.training.domains.asm.kinds import KINDS
digest = hashlib.sha256()
for number, cell in enumerate(DOMAIN.cells()[::24]):
    item = DOMAIN.item(cell, number, 3)
    answer = DOMAIN.answer(item, number & 3)
    spoiled = DOMAIN.spoil(item, answer, Random(number))
    prompt = DOMAIN.prompt(item, number & 3)
    digest.update(repr((item.id, prompt, answer, spoiled)).encode())
    digest.update(repr([DOMAIN.judge(item, prompt, text) for text in (answer, spoiled)]).encode())
print(digest.hexdigest())
"""


def test_two_processes_agree_whatever_the_hash_seed():
    found = [
        subprocess.run(
            [sys.executable, "-c", DIGEST], env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": "src"},
            capture_output=True, text=True, check=True, timeout=120,
        ).stdout
        for seed in ("1", "4242")
    ]  # fmt: skip
    assert found[0] == found[1]
    assert len(found[0].strip()) == hashlib.sha256().digest_size * 2
