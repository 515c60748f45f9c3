"""Injected faults are single, real and where they are said to be."""

from __future__ import annotations

import pytest

from agents.training.domains.asm import DOMAIN
from agents.training.domains.asm.samples import fault_of, fault_rows, routine_of, shown, source_of
from agents.training.routines.faults import CAUSES, DOES, MISSING, slips
from agents.training.routines.proof import assembled, prove
from agents.training.routines.templates import TEMPLATES
from agents.training.sample import Cell


@pytest.mark.parametrize("noun", TEMPLATES)
def test_one_instruction_is_wrong_and_execution_shows_it(noun):
    for level in (1, 2, 3):
        for index in range(3):
            item = DOMAIN.item(Cell(f"fix.{noun}", level), index, 4)
            routine, fault = routine_of(item), fault_of(item)
            right = [line.text for line in routine.lines if line.op]
            wrong = [line.text for line in fault.lines if line.op]
            assert len(right) - len(wrong) in {0, 1}
            assert len(right) != len(wrong) or sum(a != b for a, b in zip(right, wrong, strict=True)) == 1
            assert not prove(routine, assembled(routine, source_of(routine, fault.lines))).holds
            assert fault.failure
            assert fault.kind in CAUSES


def test_the_row_named_holds_the_wrong_instruction():
    for noun in TEMPLATES:
        item = DOMAIN.item(Cell(f"fix.{noun}", 2), 1, 4)
        fault, (_, text, _) = fault_of(item), shown(item)
        named, lowest, highest = fault_rows(item)
        assert 1 <= lowest <= named <= highest <= len(text)
        if fault.kind != "missing":
            assert lowest == highest
            assert fault.lines[fault.at].op in text[named - 1].lower()


def test_slips_change_the_instruction_and_keep_its_case():
    assert {slip.text for slip in slips("LDX", "#$10")} == {"LDX #$11", "LDX #$0F"}
    assert {slip.text for slip in slips("bcc", ".skip")} == {"bcs .skip"}
    assert {(slip.kind, slip.text) for slip in slips("clc", "")} == {("missing", "")}
    assert {slip.text for slip in slips("lda", "word+1")} == {"lda word"}
    assert {slip.text for slip in slips("sta", "$1200,x")} == {"", "sta $1200"}
    assert list(slips("nop", "")) == []


def test_constants_stay_in_their_width():
    assert {slip.text for slip in slips("lda", "#$FF")} == {"lda #$FE"}
    assert {slip.text for slip in slips("cmp", "#0")} == {"cmp #1"}


def test_every_slip_can_be_described():
    for noun in TEMPLATES:
        for level in (1, 2, 3):
            routine = routine_of(DOMAIN.item(Cell(f"fix.{noun}", level), 7, 4))
            for line in routine.lines:
                if line.op in {"db", "dw"}:
                    continue
                for slip in slips(line.op, line.arg):
                    assert slip.kind in CAUSES
                    assert slip.kind != "missing" or line.op in MISSING
                    assert slip.kind not in {"swap", "branch", "width", "return"} or line.op in DOES
