"""Running a ROM before and after a patch."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from agents.training.domains.oracle.patch import read_patch
from agents.training.domains.oracle.rom import Region
from agents.training.domains.oracle.trial import Job, Start, Trial, moments, outside, prove, record
from agents.training.w65816 import Registers

ENTRY, CALL, FREE = 0x808000, 0x809000, Region(0x92F000, 0x40)
IMAGE = ((ENTRY, bytes.fromhex("A5 10 1A 85 12 60")), (CALL, bytes.fromhex("20 00 80 60")))
"""lda $10 / inc a / sta $12 / rts, and a caller of it."""
START = Start(Registers(dbr=0x80), ((0x10, b"\x41"), (0x12, b"\x00"), (0x340, b"\x07")))


def _job() -> Job:
    (seen,) = record(IMAGE, CALL, False, [START])
    assert seen is not None
    expect = {**seen.written, 0x340: 8}
    trial = Trial(CALL, False, START, expect, (("a", 0x42, 0xFF), ("p", seen.registers.p, 0x3C)))
    return Job(IMAGE, (Region(ENTRY, 5), FREE), (trial,))


GOOD = "org $808000\n jsl New\n nop\norg $92F000\nNew:\n php\n inc $0340\n plp\n lda $10\n inc a\n sta $12\n rtl"


def test_the_original_is_recorded() -> None:
    (seen,) = record(IMAGE, CALL, False, [START])
    assert seen is not None
    assert dict(seen.written) == {0x12: 0x42}


def test_a_moment_shows_the_machine_on_its_way() -> None:
    (there, never) = (
        moments(IMAGE, CALL, False, [START], at, [(0x10, 1), (0x12, 2)])[0] for at in (0x808003, 0x80A000)
    )
    assert there is not None
    assert there.registers.a == 0x42
    assert there.places == {(0x10, 1): 0x41, (0x12, 2): 0}
    assert never is None


def test_a_right_patch_holds_in_either_half_of_the_map() -> None:
    for text in (GOOD, GOOD.replace("$808000", "$008000"), GOOD.replace("$92F000", "$12F000")):
        patch = read_patch(text)
        assert not outside(_job(), patch)
        assert prove(_job(), patch).holds, text


@pytest.mark.parametrize(
    ("right", "wrong", "failure"),
    [
        ("rtl", "rts", "crashes"),
        (" nop\n", " clc\n rtl\n", "crashes|stack|bank"),
        (" plp\n", "", "crashes|stack"),
        ("inc $0340", "stz $0340", "the byte at \\$0340 is \\$00 afterwards, not \\$08"),
        ("inc $0340", "inc $0341", "the byte at \\$0341"),
        (" inc a\n", "", "A is \\$41"),
        ("php\n", "php\n- bra -\n", "still running"),
        ("rtl", "phk\n plb\n rtl", "DB"),
        ("rtl", "rep #$20\n rtl", "the width of A is wrong"),
        ("rtl", "sed\n rtl", "decimal mode is wrong"),
        ("php\n", "php\n phk\n pla\n sta $8000\n", "the byte at"),
        ("rtl", "brk", "crashes"),
    ],
)
def test_a_wrong_patch_is_seen(right: str, wrong: str, failure: str) -> None:
    proof = prove(_job(), read_patch(GOOD.replace(right, wrong)))
    assert not proof.holds

    assert re.search(failure, proof.failure), proof.failure


def test_a_return_into_another_bank_is_no_return() -> None:
    text = "org $808000\n jml New\norg $92F000\nNew:\n inc $0340\n lda $10\n inc a\n sta $12\n rts"
    assert not prove(_job(), read_patch(text)).holds


def test_bytes_outside_are_named() -> None:
    stray = read_patch(GOOD + "\norg $92F040\n nop")
    assert outside(_job(), stray).startswith("$92:F040")


def test_trials_leave_no_trace() -> None:
    job = _job()
    twice = replace(job, trials=job.trials * 5)
    assert prove(twice, read_patch(GOOD)).passed == 5
    (seen,) = record(IMAGE, CALL, False, [START])
    assert seen is not None
    assert dict(seen.written) == {0x12: 0x42}
