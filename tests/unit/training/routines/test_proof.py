"""A proof sees what a routine leaves, and nothing that must not matter can make it pass or fail."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agents.training.phrases import seeded
from agents.training.routines.contract import Case, Line, Place, Routine
from agents.training.routines.draft import PROBES, Draft
from agents.training.routines.faults import slips
from agents.training.routines.proof import Proof, assembled, prove
from agents.training.routines.render import Style, rows
from agents.training.routines.templates import TEMPLATES
from agents.training.w65816 import AssemblyError

PLAIN = Style("  ", " ", False, False, True, False, 0)
FURTHER = 200

BYTE = Place("value", "mem", 0x0300, 1, "a byte", "$0300")
WORD = Place("word", "mem", 0x0310, 2, "a word", "$0310")
SUM = Place("sum", "mem", 0x0320, 1, "the sum", "$0320")
SCROLL = Place("BG2HOFS", "BG2HOFS", 0x210F, 2, "a scroll register", "$210F")


def routine(
    *, inputs: tuple[Place, ...], outputs: tuple[Place, ...], cases: tuple[Case, ...], **changes: object
) -> Routine:
    plain = Routine(
        "noun", "theme", "entry", "goal", "plan", True, True, False, inputs, outputs, (), (), (), (), (), "", cases
    )
    return replace(plain, **changes)


def successor(count: int = 8, **changes: object) -> Routine:
    cases = tuple(Case({"value": at}, {"sum": at + 1}) for at in range(count))
    return routine(inputs=(BYTE,), outputs=(SUM,), cases=cases, **changes)


def proved(wanted: Routine, code: str) -> Proof:
    return prove(wanted, assembled(wanted, f"entry:\n {code}"))


def source(drawn: Routine, lines: tuple[Line, ...]) -> str:
    return "\n".join(rows(drawn, lines, PLAIN)[0])


@pytest.mark.parametrize(
    "code",
    [
        "lda $0300 : clc : adc #1 : sta $0320 : rts",
        "lda $0300 : inc : sta $0320 : rts",
        "php : sei : ldx $0300 : inx : stx $0320 : plp : rts",
        "sed : lda $0300 : cld : sec : adc #0 : sta $0320 : rts",
    ],
)
def test_right_code_in_any_manner_is_proved(code):
    assert proved(successor(), code).holds


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("lda $0300 : adc #1 : sta $0320 : rts", "instead of"),
        ("rep #$20 : lda $0300 : inc : sep #$20 : sta $0321 : rts", "instead of"),
        ("lda $0300 : bvs + : inc : + sta $0320 : rts", "instead of"),
        ("lda $0300 : bpl + : inc : + inc : sta $0320 : xba : cmp #$5A : beq + : stz $0320 : + rts", "instead of"),
        ("lda $0300 : inc : cpx #$91 : bne + : sta $0320 : + rts", "instead of"),
        ("inc $0320 : lda $0300 : inc : cmp $0320 : bcs + : inc : + sta $0320 : rts", "instead of"),
        ("lda $0300 : clc : adc $00 : sec : sbc $00 : inc : clc : adc $01 : sta $0320 : rts", "instead of"),
        ("lda $0300 : inc : sta $0320 : sei : rts", "interrupt flag"),
        ("lda $0300 : inc : sta $0320 : sed : rts", "decimal flag"),
        ("lda $0300 : inc : sta $0320 : sep #$30 : rep #$10 : rts", "widths"),
        ("lda $0300 : inc : sta $0320 : sta $0321 : rts", "$0321 is written"),
        ("lda $0300 : inc : sta $0320 : lda #1 : pha : plb : rts", "DB"),
        ("lda $0300 : inc : sta $0320 : pea $0100 : pld : rts", "DB"),
        ("lda $0300 : inc : sta $0320 : pha : rts", "does not return"),
        ("lda $0300 : inc : sta $0320 : rtl", "does not return"),
    ],
)
def test_luck_and_broken_promises_are_seen(code, why):
    proof = proved(successor(), code)
    assert not proof.holds
    assert why in proof.failure + proof.breach


def test_registers_to_keep_are_kept_at_their_width_whatever_they_hold():
    kept = successor(keeps=("X",), x8=False)
    assert proved(kept, "phx : ldx $0300 : plx : lda $0300 : inc : sta $0320 : rts").holds
    assert proved(kept, "sep #$10 : rep #$10 : lda $0300 : inc : sta $0320 : rts").breach == "X is not kept"
    assert proved(kept, "inx : dex : lda $0300 : inc : sta $0320 : rts").holds


def test_probes_refute_what_the_cases_let_pass():
    lucky = "lda $0300 : inc : and #$0F : sta $0320 : rts"
    assert proved(successor(), lucky).holds
    deeper = successor(probes=(Case({"value": 0x1F}, {"sum": 0x20}),))
    assert proved(deeper, lucky).failure.startswith("with value = $1F")
    assert proved(deeper, lucky).total == 9


SCROLLED = routine(
    inputs=(WORD,),
    outputs=(SCROLL,),
    cases=tuple(Case({"word": value}, {"BG2HOFS": value}) for value in (0x0123, 0x00FF, 0x0300)),
    probes=tuple(Case({"word": value}, {"BG2HOFS": value}) for value in range(0x100, 0x108)),
)


@pytest.mark.parametrize(
    ("code", "right"),
    [
        ("lda $0310 : sta $210F : lda $0311 : sta $210F : rts", True),
        ("ldx $0310 : ldy $0311 : stx $210F : sty $210F : rts", True),
        ("ldx #0 : - lda $0310,x : sta $210F : inx : cpx #2 : bne - : rts", True),
        ("lda $0311 : sta $210F : lda $0310 : sta $210F : rts", False),
        ("lda $0310 : sta $210F : rts", False),
        ("rep #$20 : lda $0310 : sta $210F : sep #$20 : rts", False),
        ("lda $0310 : sta $210F : lda $0311 : sta $210F : sta $210F : rts", False),
    ],
)
def test_ports_get_their_bytes_in_order(code, right):
    assert proved(SCROLLED, code).holds is right


@pytest.mark.parametrize(("waits", "right"), [(4, True), (3, True), (2, False), (0, False)])
def test_a_product_is_not_read_before_it_is_ready(waits, right):
    product = Place("product", "mem", 0x0330, 1, "a product", "$0330")
    wanted = routine(
        inputs=(BYTE,),
        outputs=(product,),
        cases=tuple(Case({"value": at}, {"product": 3 * at}) for at in (1, 9, 80)),
        unit=True,
    )
    code = "lda #3 : sta $4202 : lda $0300 : sta $4203\n" + " nop\n" * waits + " lda $4216 : sta $0330 : rts"
    proof = proved(wanted, code)
    assert proof.holds is right
    assert ("needs 8" in proof.breach) is not right


def test_dma_is_set_up_before_it_starts():
    drawn = TEMPLATES["vram_upload"](Draft(seeded("order"), 2))
    lines = list(drawn.lines)
    at = next(number for number, line in enumerate(lines) if line.arg == "$420B")
    first = next(number for number, line in enumerate(lines) if line.op == "sta") + 1
    early = [*lines[:first], *lines[at - 1 : at + 1], *lines[first : at - 1], *lines[at + 1 :]]
    assert prove(drawn, assembled(drawn, source(drawn, drawn.lines))).holds
    assert "after $420B" in prove(drawn, assembled(drawn, source(drawn, tuple(early)))).breach


@pytest.mark.parametrize("noun", TEMPLATES)
def test_single_slips_that_are_really_wrong_are_refuted(noun):
    """Wrong is what 200 further inputs refute; the usual probes must refute 99 of 100 of those."""
    wrong = missed = 0
    for level in (1, 2, 3):
        wide = TEMPLATES[noun](Draft(seeded("slip", noun, level), level, hidden=FURTHER))
        usual = replace(wide, probes=wide.probes[:PROBES])
        for at, line in enumerate(usual.lines):
            for slip in slips(line.op, line.arg) if line.op not in {"db", "dw"} else ():
                op, _, arg = slip.text.partition(" ")
                lines = (*usual.lines[:at], replace(line, op=op, arg=arg), *usual.lines[at + 1 :])
                try:
                    program = assembled(usual, source(usual, lines))
                except AssemblyError:
                    continue
                if not prove(usual, program, first_failure=True).holds:
                    wrong += 1
                elif not prove(wide, program, first_failure=True).holds:
                    wrong += 1
                    missed += 1
    assert wrong >= 10
    assert missed <= wrong // 100
