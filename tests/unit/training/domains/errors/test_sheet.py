"""Edits of a source text, and the rows of its parts."""

from __future__ import annotations

from agents.training.domains.errors.sheet import Sheet, changed, inserted, relabelled, target_of, without
from agents.training.phrases import seeded
from agents.training.routines.contract import Line
from agents.training.routines.draft import Draft
from agents.training.routines.render import Style
from agents.training.routines.templates import TEMPLATES

ROUTINE = TEMPLATES["fill"](Draft(seeded("sheet"), 1))
LINES = (
    Line("go", "lda", "#$01", "one"),
    Line(".loop", "dex", "", ""),
    Line("", "bne", ".loop", ""),
    Line("", "rts", "", ""),
)
APART = Style("  ", " ", False, False, True, False, 0)
TOGETHER = Style("        ", " ", True, True, False, False, 0)


def test_an_instruction_can_be_changed_and_keeps_label_and_note():
    assert changed(LINES, 0, "lda #$02")[0] == Line("go", "lda", "#$02", "one")


def test_a_label_outlives_its_instruction():
    assert without(LINES, 1)[1] == Line(".loop", "bne", ".loop", "")
    assert without(without(LINES, 1), 0)[0] == Line("go", "", "", "")
    assert without(LINES, 2) == (*LINES[:2], LINES[3])


def test_new_instructions_come_before_or_behind_a_label():
    assert [line.label for line in inserted(LINES, 1, "nop", "nop")] == ["go", "", "", ".loop", "", ""]
    assert [line.label for line in inserted(LINES, 1, "nop", inside=True)] == ["go", ".loop", "", "", ""]


def test_a_label_is_found_where_it_is():
    assert target_of(LINES, ".loop") == 1
    assert target_of(LINES, "") is None
    assert target_of(relabelled(LINES, 1, ""), ".loop") is None


def test_rows_count_from_one_and_labels_have_their_own():
    sheet = Sheet(("count = $10",), LINES, ("tail = 2",))
    rows, spots = sheet.written(ROUTINE, APART)
    assert rows == ["count = $10", "", "go:", "  lda #$01", ".loop", "  dex", "  bne .loop", "  rts", "tail = 2"]
    assert spots["head", 0] == 1
    assert spots["label", 1] == 5
    assert [spots["line", at] for at in range(4)] == [4, 6, 7, 8]
    assert spots["tail", 0] == 9


def test_a_label_may_share_its_row():
    rows, spots = Sheet((), LINES).written(ROUTINE, TOGETHER)
    assert rows[0] == "go:     LDA #$01"
    assert spots["label", 0] == spots["line", 0] == 1


def test_anonymous_labels_have_no_colon():
    rows, _ = Sheet((), relabelled(LINES, 1, "-")).written(ROUTINE, APART)
    assert "-" in rows
