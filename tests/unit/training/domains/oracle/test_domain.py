"""The domain as a whole: own answers, spoiled ones, hostile ones."""

from __future__ import annotations

import time
from random import Random

import pytest

from agents.training.domains.oracle import DOMAIN
from agents.training.domains.oracle.kinds import FACTS, PATCHES
from agents.training.routines import reading
from agents.training.sample import Cell, SourceItem

CELLS = list(DOMAIN.cells())


def _items(count: int) -> list[SourceItem]:
    return [DOMAIN.item(cell, index, 3) for cell in CELLS for index in range(count)]


def test_every_family_has_three_difficulties() -> None:
    assert len(CELLS) == 3 * len({cell.family for cell in CELLS}) == 30
    assert DOMAIN.capacity() is None


def test_own_answers_are_right_and_well_explained() -> None:
    qualities = [DOMAIN.judge(item, (), DOMAIN.answer(item, n)).quality for n, item in enumerate(_items(3))]
    assert min(qualities) >= 0.75
    assert sum(qualities) / len(qualities) >= 0.93


def test_spoiled_answers_are_wrong() -> None:
    kept = []
    for number, item in enumerate(_items(3)):
        spoiled = DOMAIN.spoil(item, DOMAIN.answer(item, number), Random(number))
        quality = DOMAIN.judge(item, (), spoiled).quality
        if quality > 0.3:
            kept.append((item.cell, quality))
    assert not kept


def test_a_bare_patch_is_right_but_not_accepted() -> None:
    for item in _items(1):
        if item.cell.family in PATCHES:
            block = reading.longest_block(DOMAIN.answer(item, 0))
            code = "\n".join(line.partition(";")[0] for line in block.split("\n"))
            assert 0.55 <= DOMAIN.judge(item, (), f"```asm\n{code}```").quality < 0.7


def test_bare_numbers_are_right_but_not_accepted() -> None:
    for item in _items(1):
        family, level, salt = item.cell.family, item.cell.difficulty, item.params["salt"]
        if family in FACTS:
            bare = "\n".join(f"{key} = {value}" for key, value, _ in FACTS[family].facts(family, level, salt).facts)
            assert 0.55 <= DOMAIN.judge(item, (), bare).quality < 0.7


def test_keywords_alone_do_not_explain() -> None:
    item = DOMAIN.item(Cell("hook.entry", 2), 1, 3)
    block = reading.longest_block(DOMAIN.answer(item, 0))
    code = "\n".join(line.partition(";")[0] for line in block.split("\n"))
    stuffed = f"```asm\n{code}```\nphp plp jsl jml rtl 8-bit 16-bit four bytes"
    assert DOMAIN.judge(item, (), stuffed).quality < 0.7


def test_requests_say_what_form_is_wanted() -> None:
    for number, item in enumerate(_items(1)):
        text = DOMAIN.prompt(item, number)[-1].content
        assert ("asar" in text and "org" in text) if item.cell.family in PATCHES else "key = value" in text
        assert item.cell.family != "diagnose" or "fault = " in text
        assert "{" not in text
        assert "<" not in text.replace("<:", "")


def test_phrasings_differ() -> None:
    item = DOMAIN.item(CELLS[0], 0, 3)
    assert len({DOMAIN.prompt(item, variant)[-1].content for variant in range(12)}) == 12
    assert len({DOMAIN.answer(item, variant) for variant in range(12)}) == 12


@pytest.mark.parametrize(
    "code",
    [
        "org $808000\n- bra -",
        "org $808000\n" + "nop #99\n" * 2500,
        "org $808000\n" + " pha\n" * 2000,
        "!a = " + "b" * 70 + "\norg $808000\n" + "!a" * 9000,
        "org $808000\nA:\n inc $8000\n bra A",
        "org $808000\n mvn $7E,$7E\n" * 10,
        "org $808000\n jsl $808000",
        "\x00" * 5000,
        "org $808000\n db " + ",".join(["$EA"] * 3000),
        "\n".join(f"org ${0x808000 + 0x10000 * bank:06X}\nL{bank}:\n jml L{(bank + 1) % 60}" for bank in range(60)),
        "org $808000\n; \u00e9\u00df\u6f22\n lda #$\u0661",
    ],
)
def test_hostile_code_costs_little(code: str) -> None:
    started = time.process_time()
    for item in _items(1):
        site = ""
        if item.cell.family in PATCHES:
            job = PATCHES[item.cell.family].task(item.cell.family, item.cell.difficulty, item.params["salt"]).job
            site = f"${job.allowed[0].start:06X}"
        answer = f"```asm\n{code.replace('$808000', site) if site else code}\n```"
        assert DOMAIN.judge(item, (), answer).quality <= 0.3
    assert time.process_time() - started < 6.0


def test_a_megabyte_is_not_read() -> None:
    item = DOMAIN.item(CELLS[0], 0, 3)
    assert DOMAIN.judge(item, (), "```asm\n" + "nop\n" * 250_000 + "```").quality == 0.0
