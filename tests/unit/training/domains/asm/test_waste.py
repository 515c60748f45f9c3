"""Waste is real, harmless and counted."""

from __future__ import annotations

import pytest

from agents.training.domains.asm.samples import routine_from
from agents.training.domains.asm.timing import cycles
from agents.training.domains.asm.waste.detours import DETOURS
from agents.training.domains.asm.waste.flow import effect, matters, successors, widths
from agents.training.domains.asm.waste.frame import Frame
from agents.training.domains.asm.waste.inject import Piece, cost, inject, source
from agents.training.domains.asm.waste.remedies import _REMEDIES, remedy
from agents.training.domains.asm.waste.roundabouts import ROUNDABOUTS
from agents.training.domains.asm.waste.task import task_of
from agents.training.phrases import seeded
from agents.training.routines.contract import Line
from agents.training.routines.proof import assembled, observe, prove
from agents.training.routines.render import Style
from agents.training.routines.templates import TEMPLATES
from agents.training.sample import Cell, SourceItem

ROUTINE = routine_from("fill", 1, "0")
PLAIN = Style("  ", " ", False, False, True, False, 0)


def lines(*texts: str) -> list[Line]:
    """Return lines from texts such as ``loop: dex``."""
    made = []
    for text in texts:
        label, colon, code = text.rpartition(": ")
        op, _, arg = code.partition(" ")
        made.append(Line(label if colon else "", op, arg, "note"))
    return made


@pytest.mark.parametrize("manner", [*DETOURS, *ROUNDABOUTS], ids=lambda manner: manner.__name__)
def test_every_edit_keeps_the_contract(manner):
    fits = 0
    for at, noun in enumerate(TEMPLATES):
        routine = routine_from(noun, at % 3 + 1, f"w{at}")
        frame = Frame(routine, routine.lines, [False] * len(routine.lines))
        for edit in list(manner(frame))[:2]:
            changed = [*routine.lines[: edit.at], *edit.lines, *routine.lines[edit.at + edit.count :]]
            proof = prove(routine, assembled(routine, source(routine, changed)), first_failure=True)
            assert proof.holds, (noun, edit, proof)
            assert edit.kind in _REMEDIES
            fits += 1
    assert fits or manner.__name__ in {"reload_in_loop", "mask_by_hand"}


def test_what_matters_follows_branches_and_stops_at_a_new_value():
    code = lines("lda $10", "loop: sta $20,x", "dex", "bne loop", "lda #1", "clc", "adc $11", "rts")
    before, after = matters(ROUTINE, code)
    assert "X" in before[0]
    assert "A" in after[0]
    assert "X" not in after[3] - before[1]
    assert "C" not in before[4]
    assert "C" in after[5]
    assert "Z" in after[2]
    assert "Z" not in after[3]


def test_unknown_instructions_and_endings_use_everything():
    code = lines("lda #1", "jsl $808000", "jml [$10]")
    before, _ = matters(ROUTINE, code)
    assert before[1] == frozenset("AXYCVZ")
    assert effect(lines("tcd")[0])[1] == frozenset()


def test_a_jump_goes_only_where_it_says():
    code = lines("bra done", "nop", "done: beq done", "rts")
    assert successors(code) == [(2,), (2,), (3, 2), ()]


def test_widths_follow_rep_sep_and_plp():
    code = lines("php", "rep #$30", "sep #$10", "plp", "rts")
    start = (ROUTINE.m8, ROUTINE.x8)
    assert widths(ROUTINE, code) == [start, start, (False, False), (False, True), start]


@pytest.mark.parametrize("by_cycles", [False, True])
def test_injected_waste_is_measured_and_proved(by_cycles):
    for at, noun in enumerate(list(TEMPLATES)[::3]):
        routine = routine_from(noun, 2, f"i{at}")
        wasteful = inject(seeded(at), routine, 3, by_cycles=by_cycles)
        program = assembled(routine, source(routine, wasteful.lines))
        assert prove(routine, program).holds
        assert cost(routine, program, wasteful.case, by_cycles=by_cycles) == wasteful.before
        assert wasteful.before - wasteful.after == sum(piece.cost for piece in wasteful.pieces) > 0
        assert all(piece.cost > 0 for piece in wasteful.pieces)
        assert 1 <= len(wasteful.pieces) <= 3


def test_cycles_are_those_of_the_observed_run():
    for noun in ("fill", "total", "hardware_multiply", "block_move"):
        routine = routine_from(noun, 3, "t")
        program = assembled(routine, source(routine, routine.lines))
        for case in routine.cases:
            assert cycles(routine, program, case) == observe(routine, program, case).cycles


def test_code_that_does_not_return_has_no_cycles():
    endless = assembled(ROUTINE, f"{ROUTINE.label}:\n bra {ROUTINE.label}")
    assert cycles(ROUTINE, endless, ROUTINE.cases[0]) is None


def test_the_task_names_rows_that_are_wasteful():
    for level in (1, 2, 3):
        for salt in range(8):
            task = task_of(SourceItem("asm", Cell("optimise.total", level), {"salt": salt}))
            wasteful = task.wasteful
            assert wasteful.after <= task.bound < wasteful.before
            for piece in wasteful.pieces:
                rows = task.rows_of(piece)
                assert len(rows) == len(piece.lines)
                for row, line in zip(rows, piece.lines, strict=True):
                    assert task.style.instruction(line) in task.rows[row - 1].replace("\t", " ")


@pytest.mark.parametrize("kind", _REMEDIES)
def test_remedies_name_what_goes_and_what_comes(kind):
    piece = Piece(
        kind, (Line("", "phx", "", ""), Line("", "cmp", "#0", "")), "X" if kind == "needless_save" else "dex", 2
    )
    text = remedy(seeded(kind), PLAIN, piece)
    assert "{" not in text
    assert "<" not in text
    assert "`cmp #0`" in text or "`dex`" in text
