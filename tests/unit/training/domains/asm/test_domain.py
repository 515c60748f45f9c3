"""The port: cells, purity, composition, mistakes, variety."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections import defaultdict
from random import Random

import pytest

from agents.training.domains.asm import DOMAIN
from agents.training.sample import Cell, Judgement, SourceItem

CELLS = DOMAIN.cells()
TOKENS = re.compile(r"\w+|[^\w\s]")


def judged(item: SourceItem, answer: str) -> Judgement:
    return DOMAIN.judge(item, DOMAIN.prompt(item, 0), answer)


def sample(cell: Cell, index: int, variant: int = 0) -> tuple[SourceItem, str, str]:
    item = DOMAIN.item(cell, index, 5)
    prompt = "\n".join(message.content for message in DOMAIN.prompt(item, variant))
    return item, prompt, DOMAIN.answer(item, variant)


def test_every_kind_has_every_routine_on_three_levels():
    families = defaultdict(set)
    for cell in CELLS:
        families[cell.family].add(cell.difficulty)
    assert all(levels == {1, 2, 3} for levels in families.values())
    nouns = {
        kind: {f.partition(".")[2] for f in families if f.startswith(kind)}
        for kind in ("write", "trace", "fix", "explain")
    }
    assert nouns["write"] == nouns["trace"] == nouns["fix"] == nouns["explain"]
    assert list(CELLS) == sorted(CELLS)


@pytest.mark.parametrize("kind", ["write", "trace", "fix", "explain"])
def test_honest_answers_of_every_cell_are_judged_right(kind):
    for number, cell in enumerate(cell for cell in CELLS if cell.family.startswith(kind)):
        for index in (number, number + 1000):
            item, _, answer = sample(cell, index, variant=index & 1)
            judgement = judged(item, answer)
            assert judgement.quality >= 0.85, (cell, index, judgement)


def test_qualities_of_honest_answers_spread():
    qualities = {judged(item, answer).quality for item, _, answer in (sample(cell, 3) for cell in CELLS[::5])}
    assert len(qualities) > 20


@pytest.mark.parametrize("kind", ["write", "trace", "fix", "explain"])
def test_mistakes_are_caught(kind):
    caught = total = 0
    for number, cell in enumerate(cell for cell in CELLS if cell.family.startswith(kind)):
        item, _, answer = sample(cell, number)
        spoiled = DOMAIN.spoil(item, answer, Random(number))
        assert spoiled != answer
        caught += judged(item, spoiled).quality <= 0.3
        total += 1
    assert caught / total >= 0.97, f"{caught} of {total}"


def test_mistakes_can_be_made_in_any_text():
    item, _, _ = sample(CELLS[0], 0)
    for cell in CELLS[::60]:
        item = DOMAIN.item(cell, 1, 5)
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
    families = ("write.swap_bytes", "trace.hex_digits", "fix.swap_nibbles", "explain.dma_setup", "trace.decimal_digits")
    for family in families:
        seen: list[set[tuple[str, ...]]] = []
        for index in range(40):
            tokens = TOKENS.findall("\n".join(sample(Cell(family, index % 3 + 1), index)[1:]))
            shingles = {tuple(tokens[at : at + 5]) for at in range(len(tokens) - 4)}
            assert all(len(shingles & other) / len(shingles | other) <= 0.6 for other in seen), family
            seen.append(shingles)


DIGEST = """
import hashlib
from random import Random
from agents.training.domains.asm import DOMAIN
digest = hashlib.sha256()
for number, cell in enumerate(DOMAIN.cells()[::9]):
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
