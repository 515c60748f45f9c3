from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.training.w65816 import OPCODES, assemble, disassemble


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("ea", "nop"), ("0a", "asl a"), ("a912", "lda #$12"), ("a512", "lda $12"), ("ad3412", "lda $1234"),
        ("af56347e", "lda $7E3456"), ("b112", "lda ($12),y"), ("a112", "lda ($12,x)"), ("b312", "lda ($12,s),y"),
        ("a312", "lda $12,s"), ("b712", "lda [$12],y"), ("b612", "ldx $12,y"), ("6c3412", "jmp ($1234)"),
        ("dc3412", "jml [$1234]"), ("7c3412", "jmp ($1234,x)"), ("5c563412", "jml $123456"), ("80fe", "bra $8000"),
        ("1080", "bpl $7F82"), ("82fdff", "brl $8000"), ("620000", "per $8003"), ("547e7f", "mvn $7E,$7F"),
        ("f43412", "pea $1234"), ("d412", "pei ($12)"), ("0012", "brk #$12"), ("c230", "rep #$30"), ("df56347e",
        "cmp $7E3456,x"),
    ],
)  # fmt: skip
def test_texts(data: str, text: str) -> None:
    assert [line.text for line in disassemble(bytes.fromhex(data))] == [text]


def test_widths_follow_rep_and_sep() -> None:
    lines = disassemble(bytes.fromhex("c230a93412a27856e220a912"))
    assert [line.text for line in lines] == ["rep #$30", "lda #$1234", "ldx #$5678", "sep #$20", "lda #$12"]
    assert [line.address for line in lines] == [0x8000, 0x8002, 0x8005, 0x8008, 0x800A]
    assert disassemble(b"\xa9\x34\x12", m8=False)[0].text == "lda #$1234"


def test_a_cut_off_instruction_is_data() -> None:
    assert [line.text for line in disassemble(b"\xea\xad\x34")] == ["nop", "db $AD", "db $34"]


@pytest.mark.parametrize("width", [True, False])
@pytest.mark.parametrize("origin", [0x8000, 0x7EFFF0, 0xC00000])
def test_every_operation_code_assembles_to_itself(width: bool, origin: int) -> None:
    for opcode in OPCODES:
        data = bytes((opcode.code, 0x12, 0x34, 0x56))[: 1 + opcode.operand_bytes(width, width)]
        (line,) = disassemble(data, origin, m8=width, x8=width)
        assert assemble(line.text, origin=origin, m8=width, x8=width).code == data, line.text


@settings(max_examples=300, deadline=None)
@given(
    data=st.binary(max_size=120),
    m8=st.booleans(),
    x8=st.booleans(),
    origin=st.sampled_from([0, 0x8000, 0x7E2000, 0xFFFF00]),
)
def test_any_bytes_survive_the_round_trip(data: bytes, m8: bool, x8: bool, origin: int) -> None:
    lines = disassemble(data, origin, m8=m8, x8=x8)
    assert b"".join(line.data for line in lines) == data
    text = "\n".join(line.text for line in lines)
    assert assemble(text, origin=origin, m8=m8, x8=x8).code == data
