from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agents.training.w65816 import AssemblyError, assemble


def code(source: str, **options: object) -> str:
    return assemble(source, **options).code.hex(" ")  # type: ignore[arg-type]


def error(source: str, **options: object) -> tuple[int, str]:
    with pytest.raises(AssemblyError) as caught:
        assemble(source, **options)  # type: ignore[arg-type]
    return caught.value.line, caught.value.kind


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("lda #$12", "a9 12"), ("lda $12", "a5 12"), ("lda $0012", "ad 12 00"), ("lda $000012", "af 12 00 00"),
        ("lda $12,x", "b5 12"), ("lda $1234,x", "bd 34 12"), ("lda $7E1234,x", "bf 34 12 7e"), ("lda $12,y",
        "b9 12 00"),
        ("lda $1234,y", "b9 34 12"), ("lda ($12)", "b2 12"), ("lda ($12,x)", "a1 12"), ("lda ($12),y", "b1 12"),
        ("lda [$12]", "a7 12"), ("lda [$12],y", "b7 12"), ("lda $12,s", "a3 12"), ("lda ($12,s),y", "b3 12"),
        ("lda.w $12", "ad 12 00"), ("lda.l $12", "af 12 00 00"), ("lda.b $12", "a5 12"), ("lda.l $12,x", "bf 12 00 00"),
        ("LDA.W #$12", "a9 12 00"), ("ldx.w #$12", "a2 12 00"),
        ("stx $12,y", "96 12"), ("stz $1234,x", "9e 34 12"), ("bit #$12", "89 12"), ("cpx #$12", "e0 12"),
        ("asl", "0a"), ("asl a", "0a"), ("ASL A", "0a"), ("inc", "1a"), ("dec a", "3a"), ("ina", "1a"), ("dea", "3a"),
        ("ror $12", "66 12"), ("tsb $1234", "0c 34 12"), ("xba", "eb"), ("swa", "eb"), ("tas", "1b"), ("tcd", "5b"),
        ("brk", "00 00"), ("brk #$12", "00 12"), ("brk $12", "00 12"), ("cop #$12", "02 12"), ("wdm #$12", "42 12"),
        ("rep #$30", "c2 30"), ("sep #%00100000", "e2 20"), ("pea $1234", "f4 34 12"), ("pea #$12", "f4 12 00"),
        ("pei ($12)", "d4 12"), ("pei $12", "d4 12"), ("per $8003", "62 00 00"), ("per $7000", "62 fd ef"),
        ("jmp $12", "4c 12 00"), ("jmp $1234", "4c 34 12"), ("jmp ($1234)", "6c 34 12"), ("jmp ($1234,x)", "7c 34 12"),
        ("jmp [$1234]", "dc 34 12"), ("jml [$12]", "dc 12 00"), ("jml $123456", "5c 56 34 12"),
        ("jmp $123456", "5c 56 34 12"), ("jsr $1234", "20 34 12"), ("jsr ($1234,x)", "fc 34 12"),
        ("jsl $123456", "22 56 34 12"), ("jml $12", "5c 12 00 00"), ("rtl", "6b"),
        ("mvn $7E,$7F", "54 7e 7f"), ("mvp 1,2", "44 01 02"),
        ("bra $8000", "80 fe"), ("bne $8002", "d0 00"), ("blt $8081", "90 7f"), ("bge $7F82", "b0 80"),
        ("brl $8003", "82 00 00"), ("brl $7FFF", "82 fc ff"), ("bra *", "80 fe"), ("bra *+2", "80 00"),
        ("lda #-1", "a9 ff"), ("lda #'A'", "a9 41"), ("lda #$10+2*3", "a9 16"), ("lda ($10+2)", "b2 12"),
        ("lda ($10+2)*2", "a5 24"), ("lda ($10)+($02),x", "b5 12"), ("lda #($10)", "a9 10"), ("lda#$12", "a9 12"),
        ("  lda\t$12 , x  ", "b5 12"), ("lda ( $12 , x )", "a1 12"), ("lda [ $12 ] , y", "b7 12"),
        ("db 1,$02,%11,'4',-1", "01 02 03 34 ff"), ("dw 1,$1234,-1", "01 00 34 12 ff ff"), ("dl $123456", "56 34 12"),
        ('db "a;b,c", 0', "61 3b 62 2c 63 00"), (".byte 1", "01"), (".word $1234", "34 12"), (".db 1", "01"),
        ('dw "ab"', "61 00 62 00"), ("db ',',';'", "2c 3b"), ('db ""', ""),
        ("lda #$12 : sta $10", "a9 12 85 10"), ("nop : : nop", "ea ea"), ("nop ; comment : nop", "ea"),
        ("lda #';' ; semicolon", "a9 3b"), ("nop\r", "ea"),
    ],
)  # fmt: skip
def test_lines(line: str, expected: str) -> None:
    assert code(line) == expected


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("lda", "bad-mode"), ("lda a", "bad-mode"), ("sta #1", "bad-mode"), ("ldx $12,x", "bad-mode"), ("lda ($12),x",
        "bad-mode"),
        ("inx $12", "bad-mode"), ("asl #4", "bad-mode"), ("lda.l #1", "bad-mode"), ("lda.l ($12)", "bad-mode"),
        ("jsr.l $1234", "bad-mode"), ("rep $20", "bad-mode"), ("mvn #1,#2", "bad-mode"), ("lda ($1,y)", "bad-mode"),
        ("stx.w $12,y", "bad-mode"), ("bne #1", "bad-mode"), ("rep", "bad-mode"), ("lda [$12],x", "bad-mode"),
        ("frob $12", "unknown-mnemonic"), ("lda2 $12", "unknown-mnemonic"), ("incsrc $12", "unknown-mnemonic"),
        ("lda #$123", "width"), ("ldx #300", "width"), ("lda #-129", "width"),
        ("lda #$12345", "value-range"), ("rep #$123", "value-range"), ("lda ($123)", "value-range"), ("stx $123,y",
        "value-range"),
        ("lda $7E0000,y", "value-range"), ("lda.b $123", "value-range"), ("lda -1", "value-range"), ("jsr $123456",
        "value-range"),
        ("db 256", "value-range"), ("db -129", "value-range"), ("dw $12345", "value-range"), ('db "é"', "value-range"),
        ("mvn 256,0", "value-range"), ("org -1", "value-range"), ("org $1000000", "value-range"), ("nop\norg $7000",
        "value-range"),
        ("mvn 1", "syntax"), ("mvn 1,2,3", "syntax"), ("lda #", "syntax"), ("lda $12,,x", "syntax"), ("db", "syntax"),
        ("db 1,", "syntax"), ("db ,1", "syntax"), ('db "a', "syntax"), ("1abc", "syntax"), ("a: nop", "syntax"),
        ("x = 1", "syntax"), ("lda ()", "syntax"), ("lda {1}", "syntax"), ("é: nop", "syntax"), ("\0", "syntax"),
        (".a8 1", "syntax"), (".one .two nop", "syntax"), (".one two: nop", "syntax"), ("one: .two nop", "syntax"),
        (".two.b nop", "syntax"), ("lda ($10", "syntax"), ("NAME =", "syntax"),
        ("lda nowhere", "undefined-label"), ("bra .nowhere", "undefined-label"), ("bra +", "undefined-label"),
        ("+ nop\nbra +", "undefined-label"), ("bra -\n- nop", "undefined-label"), ("rep #LATER\nLATER = 1",
        "undefined-label"),
        ("NAME = later\nlater:", "undefined-label"), ("one:\n.x: nop\ntwo:\nbra .x", "undefined-label"),
        ("one: nop\none: nop", "duplicate-label"), ("ONE = 1\nONE = 2", "duplicate-label"), ("one:\n.x:\n.x:",
        "duplicate-label"),
        ("bra $8082", "branch-range"), ("bra $7F81", "branch-range"), ("bra $018000", "branch-range"),
        ("dw " + "1," * 400 + "1\n" + "dw " + "1," * 400 + "1", "too-long"), ("org $8000\nnop\norg $9001", "too-long"),
        ("ds 1001", "too-long"), ("ds $FFFFFFFF", "too-long"), ("repeat 1001 : nop", "too-long"),
        ("repeat 4294967295 : nop", "too-long"), ("repeat 9000 : .a8 : .i8", "too-long"),
        ("repeat 16000 : .a8\nrepeat 16000 : .i8", "too-long"), ("repeat 9 : ds 900", "too-long"),
        ("repeat 2 : one: nop", "duplicate-label"), ("repeat 2 : ONE = 1", "duplicate-label"),
        ("repeat LATER : nop\nLATER = 2", "undefined-label"), ("ds LATER\nLATER = 2", "undefined-label"),
        ("repeat -1 : nop", "value-range"), ("ds -1", "value-range"), ("ds 4, 256", "value-range"),
        ("repeat 5", "syntax"), ("repeat 5\nnop", "syntax"), ("repeat 2 : repeat 2 : nop", "syntax"), ("repeat : nop",
        "syntax"), ("ds", "syntax"), ("ds 1,2,3", "syntax"), ("rep 5 : nop", "bad-mode"),
        ("lda !X", "undefined-label"), ("!X = 1\n!X = 2", "duplicate-label"), ("! = 1", "syntax"),
        ("!X: nop", "unknown-mnemonic"),
        ("nop\n" * 4001, "too-long"), ("; " + "x" * 1000, "too-long"), ("\n" * 70_000, "too-long"),
    ],
)  # fmt: skip
def test_errors(source: str, kind: str) -> None:
    assert error(source, max_bytes=1000)[1] == kind


def test_space() -> None:
    source = "SIZE = 3\nds SIZE\nds 2,$FF\nfill 1, 'a'\nskip 2\nend: lda end"
    assert code(source) == "00 00 00 ff ff 61 00 00 ad 08 80"
    assert code("ds 0") == ""
    assert assemble("buffer: ds 4\nend:").labels == {"buffer": 0x8000, "end": 0x8004}


def test_repeats() -> None:
    assert code("repeat 3 : asl a") == "0a 0a 0a"
    assert code("COUNT = 2\nnop : repeat COUNT : inx : iny\nrts") == "ea e8 c8 e8 c8 60"
    assert code("repeat 2 : - dex : bne -") == "ca d0 fd ca d0 fd"
    assert code("repeat 0 : nop") == ""
    assert code("repeat 2 : ds 2,1") == "01 01 01 01"
    assert code("repeat 2 : lda #1 : rep #$20") == "a9 01 c2 20 a9 01 00 c2 20"


def test_constants_with_an_exclamation_mark_are_values() -> None:
    assert code("!ptr = $10\n!next #= !ptr+2\nlda (!ptr),y\nsta !next\nlda #!next*2") == "b1 10 85 12 a9 24"


MESSAGES = [
    ("sep #$20\nlda #$1234", "A is 8 bits wide here (sep #$20 in line 1); put rep #$20 before it"),
    ("lda #$1234", "(from the start)"),
    (".i16\nsep #$30\nldx #$1234", "X and Y are 8 bits wide here (sep #$30 in line 2); put rep #$10 before it"),
    ("lda.b #$1234", "the suffix .b asks for 8; write .w"),
    ("loop: nop\nbra lopo", "did you mean loop?"),
    ("main:\n.loop: nop\nbra .lop", "did you mean .loop?"),
    ("one:\n.loop: nop\ntwo:\nbra .loop", "did you mean one.loop?"),
    ("Main: nop\njmp main", "did you mean Main?"),
    ("jmp elsewhere", "define it with elsewhere: (a label) or elsewhere = value"),
    ("bra ++", "there is no label ++ below"),
    ("rep #FLAGS\nFLAGS = $30", "above this line"),
    (
        "main: nop\nmain: nop",
        "main is already defined in line 1: give one of them another name, or make it local: .main:",
    ),
    (
        "bra $8082",
        "128 bytes forwards, 1 too many: BRA reaches at most 127 bytes forwards and 128 backwards; use BRL or JMP",
    ),
    ("beq $7F00", "258 bytes backwards, 130 too many"),
    ("beq $7F00", "invert the branch around a JMP or BRL (BNE over it)"),
    ("lad #1", "did you mean LDA"),
    ("loop", "a label ends with a colon"),
    ("incsrc x.asm", "a directive of other assemblers"),
    ("rep $20", "the # is missing"),
    ("ldx $12,x", "LDX takes #$12, $12, $12,y, $1234, $1234,y"),
    ("jsr.l $123456", "JSR takes $1234, ($1234,x)"),
    ("lda", "LDA needs an operand"),
    ("jsr $123456", "use JSL"),
    ("org $80FFFE\njsr $1234", "the program leaves bank $80"),
    ("db 300", "use dw or dl"),
    ("lda $7E0000,y", "LDA has no 24-bit form of this operand"),
    ("nop\norg $7000", "the code has reached $008001"),
    ("ds 9999", "at most 4096 here"),
    ('db "é"', "is not printable ASCII"),
]


@pytest.mark.parametrize(("source", "part"), MESSAGES)
def test_messages_say_what_is_wrong_and_the_cure(source: str, part: str) -> None:
    with pytest.raises(AssemblyError) as caught:
        assemble(source)
    assert part in caught.value.message


def test_similar_names_are_looked_for_in_bounded_time() -> None:
    labels = "\n".join(f"label{number:04}xxxx: nop" for number in range(2500))
    start = time.process_time()
    assert error(f"{labels}\nbra label9999xxxy") == (2501, "undefined-label")
    assert error(f"{labels}\nbra {'label' * 190}") == (2501, "undefined-label")
    assert time.process_time() - start < 1


def test_repeat_bombs_cost_nothing() -> None:
    start = time.process_time()
    for bomb in ("repeat 4294967295 : nop", "ds 4294967295", "repeat 65535 : ds 65535", "repeat 16384 : .a8\n" * 3000):
        assert error(bomb)[1] == "too-long"
    assert time.process_time() - start < 0.5


def test_errors_name_their_line() -> None:
    assert error("nop\n\n  frob ; what\nnop") == (3, "unknown-mnemonic")
    assert error("nop\nbra nowhere\nnop") == (2, "undefined-label")
    assert error("x" * 100_000)[0] == 0
    with pytest.raises(
        AssemblyError, match=r"^line 2: width: 'lda #\$1234': \$1234 needs 16 bits, but A is 8 bits wide"
    ):
        assemble("nop\nlda #$1234")


def test_widths_follow_rep_and_sep_and_directives() -> None:
    assert code("rep #$20\nlda #1\nldx #1") == "c2 20 a9 01 00 a2 01"
    assert code("rep #$30\nsep #$10\nlda #1\nldx #1") == "c2 30 e2 10 a9 01 00 a2 01"
    assert code("lda #1\nldx #1", m8=False, x8=True) == "a9 01 00 a2 01"
    assert code(".a16\nlda #1\n.i16\nldy #1\n.A8\nlda #1\n.i8\nldy #1") == "a9 01 00 a0 01 00 a9 01 a0 01"
    assert code("FLAGS = $20\nREP #FLAGS|$10\nlda #1") == "c2 30 a9 01 00"
    assert code("rep #$20\nlda.b #1") == "c2 20 a9 01"


def test_labels() -> None:
    program = assemble("main:\n lda table,x\n.loop:\n dex\n bne .loop\nsub:\n.loop rts\n jmp main.loop\ntable: db 1")
    assert program.code.hex(" ") == "bd 0a 80 ca d0 fd 60 4c 03 80 01"
    assert program.labels == {"main": 0x8000, "main.loop": 0x8003, "sub": 0x8006, "sub.loop": 0x8006, "table": 0x800A}


def test_labels_are_absolute_and_give_up_their_bank() -> None:
    source = "here: lda here\n lda.l here,x\n jsl here\n jmp here\n dw here, here+1\n dl here\n db ^here\n"
    expected = "ad 00 80 bf 00 80 92 22 00 80 92 4c 00 80 00 80 01 80 00 80 92 92"
    assert code(source, origin=0x928000) == expected
    assert code("rep #$30\nhere: lda #here", origin=0x928000) == "c2 30 a9 02 80"
    assert error("here: lda #here") == (1, "width")


def test_anonymous_labels() -> None:
    source = "-\n bne -\n beq +\n beq ++\n bra -\n+ nop\n++ nop\n- bra -"
    assert code(source) == "d0 fe f0 04 f0 03 80 f8 ea ea 80 fe"
    assert code("bra +\n+ bra +\n+ rts") == "80 00 80 00 60"


def test_constants() -> None:
    source = "PTR = $10\nLONG = $7E2000\nCOUNT = table_end-table\n"
    source = "table: db 1,2,3\ntable_end:\n" + source + " lda PTR\n sta LONG\n ldx #COUNT-1\n lda LATER\nLATER = $1234"
    assert code(source) == "01 02 03 a5 10 8f 00 20 7e a2 02 ad 34 12"


def test_names_are_case_sensitive() -> None:
    assert assemble("one: nop\nOne: nop").labels == {"one": 0x8000, "One": 0x8001}


def test_org() -> None:
    program = assemble("SIZE = 4\norg $808000\nmain: nop\norg $808004\ndata: db 1")
    assert (program.origin, program.code.hex(" "), program.labels["data"]) == (0x808000, "ea 00 00 00 01", 0x808004)


def test_a_program_stays_in_its_bank() -> None:
    assert assemble("nop", origin=0x00FFFF).code == b"\xea"
    assert error("nop\nnop", origin=0x00FFFF) == (2, "too-long")


def test_branches_wrap_in_the_bank() -> None:
    assert code("bra $0010", origin=0x7EFFF0) == "80 1e"


def test_the_listing_tells_where_every_byte_comes_from() -> None:
    program = assemble("; sum\nmain:\n  lda #1 ; one\n  sta $10 : rts\nSIZE = 4\n")
    assert [tuple(line) for line in program.listing] == [
        (2, 0x8000, b"", "main:"),
        (3, 0x8000, b"\xa9\x01", "lda #1"),
        (4, 0x8002, b"\x85\x10", "sta $10"),
        (4, 0x8004, b"\x60", "rts"),
        (5, 0x8005, b"", "SIZE = 4"),
    ]
    assert b"".join(line.data for line in program.listing) == program.code


def test_an_empty_source_is_an_empty_program() -> None:
    program = assemble(" ; nothing\n\n")
    assert (program.code, program.labels, program.listing) == (b"", {}, ())


WORDS = st.sampled_from(
    ["lda", "sta.w", "rep", "#", "$12", "$1234", "(", ")", "[", "]", ",x", ",y", ",s", ":", " : ", "\n", " ", "main:",
    ".loop",
     "ds ", "repeat 9999", "repeat 2 : ", "!", "fill",
     "+", "-", "db", '"', "'", "=", "org", "main", "*", "<", "^", "mvn", ".a16", "\0", "é", "%", "brk", ";", "\t",
     "NAME"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=300), st.lists(WORDS, max_size=40).map("".join)))
@example("main:main:")
@example("lda (,x),y")
@example('db "')
@example("\u2028lda\x85")
def test_any_text_gives_a_program_or_an_assembly_error(source: str) -> None:
    try:
        program = assemble(source)
    except AssemblyError as error:
        fault = error
    else:
        assert len(program.code) <= 4096
        assert b"".join(line.data for line in program.listing if line.data) in program.code or "org" in source
        return
    assert 0 <= fault.line <= source.count("\n") + 1
    assert fault.message


LONGEST = 64 * 1024


@pytest.mark.parametrize(
    "source",
    [
        "x" * 1_000_000,
        ("(" * 900 + "\n") * 72,
        ("lda (" + "," * 900 + "\n") * 72,
        ("lda (" + " " * 900 + ",\n") * 72,
        ("db " + "1," * 400 + "1\n") * 80,
        ('db "' + "'" * 900 + "\n") * 72,
        ("nop : " * 160 + "\n") * 68,
        "+\n" * 2000 + "bra +\n" * 2000,
        "-\n" * 2000 + "bra -\n" * 2000,
        "org $8000\n" * 4000,
        ("lda " + "~" * 900 + "1\n") * 72,
        ("lda " + "1+" * 450 + "1\n") * 72,
        (" : :" * 240 + "\n") * 68,
        ("'\"" * 450 + ";\n") * 72,
        ("a.b" * 300 + "\n") * 72,
        ".a " * 330,
        "lda " + "1|1^1&1<<1+1*(" * 60,
        "repeat 400 : bra nowhere\n" * 2000,
        ("repeat 99 : " + "x = " * 200 + "\n") * 70,
        "".join(f"l{number}: bra m{number}\n" for number in range(3900)),
    ],
)
def test_hostile_text_is_settled_quickly(source: str) -> None:
    start = time.process_time()
    try:
        assemble(source[:LONGEST] if len(source) < 100_000 else source, max_bytes=65536)
    except AssemblyError:
        pass
    finally:
        assert time.process_time() - start < 2
