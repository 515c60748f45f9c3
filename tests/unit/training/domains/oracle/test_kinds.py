"""The other families: what their tasks promise, and other right answers than their own."""

from __future__ import annotations

import pytest

from agents.training.domains.oracle.facts import judge_facts
from agents.training.domains.oracle.grade import judge_patch
from agents.training.domains.oracle.kinds.changes import replaced
from agents.training.domains.oracle.kinds.far_call import far_call
from agents.training.domains.oracle.kinds.freespace import facts as freespace_facts
from agents.training.domains.oracle.kinds.freespace import pieces, search
from agents.training.domains.oracle.kinds.layout import layout
from agents.training.domains.oracle.kinds.tables import table
from agents.training.domains.oracle.rom import Region, offset

RIGHT, WRONG = 0.55, 0.3


def _fenced(code: str) -> str:
    return f"```asm\n{code}\n```"


def test_a_far_call_by_a_wrapper_of_another_make_is_right() -> None:
    for salt in range(8):
        it = far_call(1, salt)
        code = (
            f"org ${it.site:06X}\n jsl ${it.wrapper + 8:06X}\n"
            f"org ${it.wrapper + 8:06X}\n jsr.w ${it.host.entry & 0xFFFF:04X}\n nop\n rtl"
        )
        assert judge_patch(it.task, _fenced(code)).quality >= RIGHT


def test_a_far_call_without_a_wrapper_crashes() -> None:
    for salt in range(8):
        it = far_call(1, salt)
        assert judge_patch(it.task, _fenced(f"org ${it.site:06X}\n jsl ${it.host.entry:06X}")).quality <= WRONG


@pytest.mark.parametrize("level", [2, 3])
def test_a_far_call_must_change_the_data_bank(level: int) -> None:
    seen = 0
    for salt in range(8):
        it = far_call(level, salt)
        code = (
            f"org ${it.site:06X}\n jsl ${it.wrapper:06X}\n"
            f"org ${it.wrapper:06X}\n php\n jsr.w ${it.host.entry & 0xFFFF:04X}\n plp\n rtl"
        )
        seen += judge_patch(it.task, _fenced(code)).quality <= WRONG
    assert seen == 8


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_table_that_was_not_extended_is_seen(level: int) -> None:
    for salt in range(6):
        it = table(level, salt)
        assert judge_patch(it.task, _fenced(f"org ${it.region.start:06X}\n db 0")).quality <= WRONG
        assert it.moves_bank == (level > 1)
        assert len(it.task.job.trials) >= 12


def test_a_change_may_be_written_as_bytes() -> None:
    for salt in range(12):
        it = replaced(1 + salt % 3, salt)
        code = "\n".join(
            f"org ${change.row.address:06X}\n db {','.join(f'${byte:02X}' for byte in change.data)}"
            for change in it.changes
        )
        assert judge_patch(it.task, _fenced(code)).quality >= RIGHT
        assert all(len(change.data) == len(change.row.data) for change in it.changes)


def test_a_mask_changes_by_a_bit_or_two_and_a_carry_stays_one() -> None:
    seen = 0
    for salt in range(60):
        for change in replaced(1, salt).changes:
            if change.kind == "constant":
                old, new = (int.from_bytes(data[1:], "little") for data in (change.row.data, change.data))
                seen += 1
                assert change.row.op not in {"and", "ora", "eor"} or (old ^ new).bit_count() <= 2
                assert change.row.op not in {"adc", "sbc"} or old
    assert seen


def test_a_gap_is_cut_at_the_bank_border() -> None:
    assert pieces(Region(0x82FE56, 0x2EF)) == [Region(0x82FE56, 0x1AA), Region(0x838000, 0x145)]
    assert pieces(Region(0x82FE56, 0x1AA)) == [Region(0x82FE56, 0x1AA)]


@pytest.mark.parametrize("level", [1, 2, 3])
def test_the_chosen_gap_has_room_in_one_bank(level: int) -> None:
    for salt in range(40):
        it = search(level, salt)
        last = it.org + it.need - 1
        assert it.org >> 16 == last >> 16
        assert any(it.chosen in pieces(gap) for gap in it.gaps)
        assert it.chosen.size >= it.need
        stated = {key: value for key, value, _ in it.facts.facts}
        assert int(stated["file"][1:], 16) == offset(it.org) + 0x200 * it.headered
        assert int(stated["last"][1:], 16) == last


@pytest.mark.parametrize("level", [1, 2, 3])
def test_pieces_of_a_layout_do_not_overlap(level: int) -> None:
    for salt in range(40):
        it = layout(level, salt)
        used: set[int] = set()
        for (_, size), at in zip(it.pieces, it.places, strict=True):
            here = set(range(at, at + size))
            assert not used & here
            assert any(here <= set(range(region.start, region.last + 1)) for region in it.regions)
            assert at % it.align == 0
            used |= here


def test_a_layout_needs_its_frame() -> None:
    it = layout(1, 4)
    stated = "\n".join(f"{key} = {value}" for key, value, _ in it.facts.facts)
    steps = ". ".join(it.steps) + "\n" + stated
    frame = "\n".join(f"org ${at:06X} ; here\n\n{name.upper()}:" for name, at in it.facts.frame)
    assert judge_facts(it.facts, f"{steps}\n{_fenced(frame)}").quality > 0.7
    assert RIGHT <= judge_facts(it.facts, steps).quality < 0.7
    moved = frame.replace(f"${it.places[-1]:06X}", f"${it.places[-1] + 1:06X}")
    assert judge_facts(it.facts, f"{steps}\n{_fenced(moved)}").quality < 0.7


def test_a_checksum_and_its_complement_sum_up_to_ffff() -> None:
    it = next(found for found in (layout(3, salt) for salt in range(9)) if found.sums)
    stated = {key: int(value[1:], 16) for key, value, _ in it.facts.facts}
    assert stated["checksum"] + stated["complement"] == 0xFFFF


def test_numbers_may_be_written_in_other_ways() -> None:
    asked = freespace_facts("freespace", 1, 3)
    plain = "\n".join(f"{key} = {value}" for key, value, _ in asked.facts)
    right = judge_facts(asked, plain)
    coloned = plain.replace("org = $", "org: `$", 1)
    coloned = coloned.replace(
        coloned.split("`$")[1][:6], coloned.split("`$")[1][:2] + ":" + coloned.split("`$")[1][2:6]
    )
    assert right.quality >= RIGHT
    assert judge_facts(asked, coloned).quality >= RIGHT
    assert judge_facts(asked, plain.replace("$", "0x")).quality >= RIGHT
    assert judge_facts(asked, plain.replace("last = $", "last = $1")).quality <= WRONG
