from __future__ import annotations

import time
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.training.sources.assembly import split
from agents.training.sources.cut import Cut

ASAR = """\
; bank 1
lorom
!speed = $10
org $018000

; ==========================================
; Moves the sprite.
; ==========================================
Sprite_Main:
Sprite_Alias:
{
#_018000: LDA.b $10
    PHB : PHK : PLB
.loop
-   DEX : BPL -
    BNE .loop
  + RTS
}

; ==========================================

; *$8020 DATA
Sprite_Speeds:
    db $01, $02

; ------------------------------------------

; Runs between blank lines.

Sprite_Sub: RTS
; Remark on what is above.

Next:       ; no comment of its own
  STZ $10
"""

CA65 = """\
.segment "CODE"
setaxy16
; Starts it all.
.proc main
inner:
  lda #1
.proc nested
  rts
.endproc
@wait: bne @wait
: dex
  bpl :-
.endproc ; main

NAME := 5
OTHER = 6
.macro inc16 addr
done:
  inc addr
.endmacro
_end:
  rts
"""

DASM = """\
        processor 6502
VALUE = 5
OTHER equ 3
        org $f000
Start   sei             ; go
        cld
Loop
        dex
        bne Loop
Data    .byte 1,2
More    dc.b 3
"""


def routines(text: str) -> dict[str, str]:
    return {cut.name: cut.text for cut in split(text)}


def test_asar() -> None:
    found = routines(ASAR)
    assert list(found) == ["Sprite_Main", "Sprite_Speeds", "Sprite_Sub", "Next"]
    assert found["Sprite_Main"].startswith("; =====")
    assert found["Sprite_Main"].endswith("  + RTS\n}")
    assert found["Sprite_Speeds"] == "; *$8020 DATA\nSprite_Speeds:\n    db $01, $02"
    assert found["Sprite_Sub"] == "; Runs between blank lines.\n\nSprite_Sub: RTS\n; Remark on what is above."
    assert found["Next"] == "Next:       ; no comment of its own\n  STZ $10"


def test_ca65() -> None:
    found = routines(CA65)
    assert list(found) == ["main", "inc16", "_end"]
    assert found["main"].startswith("; Starts it all.\n.proc main\ninner:")
    assert found["main"].endswith(".endproc ; main")
    assert found["inc16"].endswith("done:\n  inc addr\n.endmacro")


def test_dasm() -> None:
    assert routines(DASM) == {
        "Start": "Start   sei             ; go\n        cld",
        "Loop": "Loop\n        dex\n        bne Loop",
        "Data": "Data    .byte 1,2",
        "More": "More    dc.b 3",
    }


def test_code_before_the_first_label_has_no_name() -> None:
    assert split("org $8000\n  SEI\n  CLC : XCE\nMain:\n  RTS") == [
        Cut("", "org $8000\n  SEI\n  CLC : XCE"),
        Cut("Main", "Main:\n  RTS"),
    ]


def test_code_after_a_block_has_no_name() -> None:
    assert [cut.name for cut in split(".proc a\n rts\n.endproc\n  lda #1\nb:\n rts")] == ["a", "", "b"]


@pytest.mark.parametrize(
    "text", ["", "\n\n", "; only words", "org $8000\ndb 1, 2", "!a = $10\nFOO = $7E0010", "lorom\n"]
)
def test_without_labels_and_instructions_there_is_nothing(text: str) -> None:
    assert split(text) == []


@pytest.mark.parametrize(
    "line",
    [
        "PHB : PHK : PLB",
        "RTS",
        "rts ; done",
        "LDA.w $10",
        "pushpc",
        "else",
        "endif",
        ".local",
        ".local:",
        "@local:",
        "-",
        "+ RTS",
        ": dex",
        "#_008000: SEI",
        "%macro()",
        "!define = 1",
        "NAME = $10",
        "NAME := $10",
        "NAME equ $10",
        'incsrc "other.asm"',
        "print pc",
        "outer::inner",
        "// words: more",
        "; Label:",
        "{",
    ],
)
def test_what_is_no_global_label_begins_no_routine(line: str) -> None:
    text = f"Main:\n  LDA #$00\n{line}\n  RTS"
    assert split(text) == [Cut("Main", text)]


@pytest.mark.parametrize(
    "line", ["Other:", "Other: RTS", "  Other:", "other.sub:", "Other", "Other RTS", "Other db 1", "_other:"]
)
def test_a_global_label_begins_a_routine(line: str) -> None:
    assert [cut.text for cut in split(f"Main:\n  RTS\n{line}\n  NOP")] == ["Main:\n  RTS", f"{line}\n  NOP"]


def test_a_block_that_never_ends_is_one_routine() -> None:
    text = "macro broken()\n  LDA #1\nLabel:\n  RTS"
    assert split(text) == [Cut("broken", text)]


LINES = st.sampled_from(
    [
        *(
            "A:",
            "B: rts",
            "C",
            "D db 1",
            ".e",
            "-",
            "  lda #1",
            "  sta $10 ; x",
            "; words",
            "  ; more",
            "",
            "  ",
            "{",
            "X = 1",
        )
    ]
)
BLOCKS = st.sampled_from([".proc p", ".endproc", "macro m()", "endmacro", "; ====", "org $8000", '.segment "A"'])


@given(st.lists(LINES, max_size=30))
@settings(deadline=None)
def test_every_line_with_words_is_in_one_routine(lines: list[str]) -> None:
    text = "\n".join(["  lda #0", *lines])
    found = [line for cut in split(text) for line in cut.text.split("\n")]
    assert [line for line in found if line.strip()] == [line for line in text.split("\n") if line.strip()]


@given(st.lists(LINES | BLOCKS, max_size=30).map("\n".join) | st.text() | st.text(alphabet="aA:;. \n\t/"))
@settings(deadline=None)
def test_no_line_is_in_two_routines_and_none_is_invented(text: str) -> None:
    left = iter(text.split("\n"))
    for cut in split(text):
        for line in cut.text.split("\n"):
            assert line in left, "lines come in the order of the text"


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(1, 4)), min_size=1, max_size=12))
@settings(deadline=None)
def test_routines_come_back_as_they_were(shapes: list[tuple[str, int]]) -> None:
    bodies = [f"; about {name}\n{name}_{at}:\n" + "  nop\n" * count for at, (name, count) in enumerate(shapes)]
    assert [f"{cut.text}\n" for cut in split("\n".join(bodies))] == bodies


def test_indented_sources_are_read_too() -> None:
    text = dedent("""\
            Main:
                RTS

            Other:
                RTS
    """)
    assert list(routines(text)) == ["Main", "Other"]


@pytest.mark.parametrize("unit", ["a", "a:", " ", "\n\n", "; x\n", ";\n\n", "a.", ".proc ", ": ", "A LDA ", "\t;"])
def test_long_texts_take_time_in_proportion(unit: str) -> None:
    text = (unit * 1_000_000)[:1_000_000] + "\nx"
    start = time.process_time()
    split(text)
    assert time.process_time() - start < 5.0
