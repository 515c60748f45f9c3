"""The report of a run: each way to end, with numbers read from the machine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agents.training.domains.errors.diagnosis import BUDGET, TRACED, Ending, diagnose, place
from agents.training.phrases import seeded
from agents.training.routines.contract import Case, Line, Place, Routine
from agents.training.routines.draft import Draft
from agents.training.routines.proof import assembled
from agents.training.routines.templates import TEMPLATES

GIVEN = Place("given", "mem", 0x10, 1, "a byte", "$10")
DEST = Place("dest", "mem", 0x12, 1, "a copy of it", "$12")
DRAWN = TEMPLATES["copy"](Draft(seeded("any"), 1))
ROUTINE: Routine = replace(
    DRAWN, label="twin", m8=True, x8=True, far=False, inputs=(GIVEN,), outputs=(DEST,), scratch=(), keeps=("X",),
    symbols=(), lines=(Line("twin", "rts", "", ""),), loop="",
    cases=(Case({"given": 0x12}, {"dest": 0x12}), Case({"given": 0x34}, {"dest": 0x34})),
)  # fmt: skip
COPY = " lda $10\n sta $12\n"


def report(body: str, routine: Routine = ROUTINE) -> list[str]:
    return [finding.text for finding in ended(body, routine).findings]


def ended(body: str, routine: Routine = ROUTINE) -> Ending:
    ending = diagnose(routine, assembled(routine, f"twin:\n{body}"))
    assert ending is not None
    return ending


def test_a_right_routine_has_no_report():
    assert diagnose(ROUTINE, assembled(ROUTINE, f"twin:\n{COPY} rts")) is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (f"{COPY} rtl", "stack: RTL at $00:8004 pulled beyond the return address: S = $2000"),
        (f"{COPY} pla\n rts", "stack: RTS at $00:8005 pulled beyond the return address: S = $2000"),
        (COPY, "stopped: BRK at $00:8004, outside the program, S = $1FFD"),
        (f"{COPY} db $00,$00", "stopped: BRK at $00:8004, inside the program, S = $1FFD"),
        ("rep #$20\n- pha\n pha\n pha\n bra -", "stack: PHA at $00:8003 overflowed the stack: S = $1EFE"),
        (
            f"{COPY}- bra -",
            f"budget: {BUDGET} instructions and no return; of these, numbers 281 to 320 are at $00:8004-$00:8004",
        ),
        (f"{COPY} rep #$20\n rts", "contract: M flag is 0 (A 16 bits) at the return, 1 expected"),
        (f"{COPY} rep #$10\n rts", "contract: X flag is 0 (X/Y 16 bits) at the return, 1 expected"),
        (f"{COPY} sed\n rts", "contract: D flag is 1 (decimal mode) at the return, 0 expected"),
        (f"{COPY} pea $7E7E\n plb\n plb\n rts", "contract: DB is $7E at the return, $00 expected"),
        (f"{COPY} pea $1234\n pld\n rts", "contract: direct page register is $1234 at the return, $0000 expected"),
        (f"{COPY} ldx #$07\n rts", "contract: X is $07 at the return, $91 expected"),
        (
            f"{COPY} sta $1234\n rts",
            "contract: sta $1234 at $00:8004 wrote $00:1234 ($00 -> $12), which is none of the",
        ),
        (" lda $10\n inc\n sta $12\n rts", "result: dest is $13 after the return, $12 expected"),
    ],
)
def test_each_way_to_fail_is_named_with_its_numbers(body, said):
    assert any(text.startswith(said) for text in report(body)), report(body)


def test_a_far_routine_that_returns_near_keeps_a_byte_on_the_stack():
    far = replace(ROUTINE, far=True)
    assert report(f"{COPY} rts", far) == ["stack: RTS at $00:8004 reached the caller with S = $1FFE, $1FFF expected"]


def test_the_first_case_that_fails_is_reported_with_every_instruction():
    ending = ended(" lda #$12\n sta $12\n rts")
    assert ending.case is ROUTINE.cases[1]
    assert [step.text for step in ending.steps] == ["lda #$12", "sta $12", "rts"]
    assert ending.kinds == {"result"}


def test_a_wrong_routine_that_only_takes_long_is_not_called_endless():
    ending = ended(" sta $12\n ldx #$00\n- nop\n dex\n bne -\n rts")
    assert ending.kinds == {"slow"}
    assert len(ending.steps) == TRACED


def test_a_right_routine_may_take_long():
    slow = replace(ROUTINE, keeps=())
    assert diagnose(slow, assembled(slow, f"twin:\n{COPY} ldx #$00\n- nop\n dex\n bne -\n rts")) is None


def test_places_are_printed_as_bank_and_offset():
    assert place(0x7E1234) == "$7E:1234"
