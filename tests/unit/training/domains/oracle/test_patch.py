"""Patches as text: blocks, labels across banks, sizes as in asar, what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.training.domains.oracle.patch import MAX_BLOCKS, MAX_CHARACTERS, PatchError, read_patch
from agents.training.domains.oracle.rom import is_rom


def _bytes(text: str, start: int, size: int) -> str:
    cells = read_patch(text).cells
    return " ".join(f"{cells[start + at]:02X}" for at in range(size))


def test_a_hook_and_its_code_know_each_other() -> None:
    text = """
    lorom
    org $808123
      jsl Hook : nop
    Back:
      rts
    org $92F000
    Hook:
      inc $1234
      jml Back
    """
    assert _bytes(text, 0x808123, 6) == "22 00 F0 92 EA 60"
    assert _bytes(text, 0x92F000, 7) == "EE 34 12 5C 28 81 80"
    assert read_patch(text).labels == {"Back": 0x808128, "Hook": 0x92F000}


def test_blocks_of_a_bank_may_come_in_any_order() -> None:
    text = "org $80F000\nNew:\n rtl\norg $808000\n jsl New"
    assert read_patch(text).cells == {0x808000: 0x22, 0x808001: 0x00, 0x808002: 0xF0, 0x808003: 0x80, 0x80F000: 0x6B}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("lda #$05", "A9 05"),
        ("lda #$0005", "A9 05 00"),
        ("lda #300", "A9 2C 01"),
        ("cpx #%00000001", "E0 01"),
        ("lda.w #5", "A9 05 00"),
        ("LDA #$7F ; half", "A9 7F"),
        ("rep #$30", "C2 30"),
        ("nop #3", "EA EA EA"),
        ("sta $7E1234", "8F 34 12 7E"),
        ("lda #bank(Here)", "A9 92"),
        ("lda #<:Here", "A9 92"),
        ("lda Here,x", "BF 00 80 92"),
        ("lda.w Here,x", "BD 00 80"),
        ("dl Here", "00 80 92"),
        ("dw Here", "00 80"),
        ("lda !ram", "AF 00 20 7E"),
    ],
)
def test_sizes_are_those_of_asar(line: str, expected: str) -> None:
    text = f"!ram = $7E2000\norg $808000\n {line}\norg $928000\nHere:\n rtl"
    assert _bytes(text, 0x808000, len(expected.split())) == expected


def test_banks_may_need_each_other_twice() -> None:
    text = "org $808000\nOne:\n jml Two\norg $818000\nTwo:\n jml One\norg $828000\n jml One\n jml Two"
    assert _bytes(text, 0x808000, 4) == "5C 00 80 81"
    assert _bytes(text, 0x818000, 4) == "5C 00 80 80"
    assert _bytes(text, 0x828000, 8) == "5C 00 80 80 5C 00 80 81"


def test_warnpc_looks_at_its_own_block() -> None:
    text = "org $808000\n nop\n nop\n warnpc $808002\norg $808002\n rtl\norg $80F000\n rtl"
    assert len(read_patch(text).cells) == 4


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "writes nothing"),
        ("lorom", "writes nothing"),
        ("nop", "before the first org"),
        ("org $008000\nnop\nhirom", "the ROM is LoROM"),
        ("org $008000\nfreecode\nnop", "chosen by org"),
        ("org $7E8000\nnop", "not ROM"),
        ("org $007000\nnop", "not ROM"),
        ("org Somewhere\nnop", "needs an address"),
        ("org $808000\njsl Nowhere", "undefined-label"),
        ("org $808000\nlda !x", "no value"),
        ("!x = " + "1" * 70 + "\norg $808000\n" + "!x" * 99, "too long"),
        ("org $808000\nnop\nnop\norg $808001\nnop", "org cannot go back"),
        ("org $80FFFF\nrep #$20", "leaves"),
        ("org $808000\nbra Far\norg $80F000\nFar:\nrtl", "branch-range"),
        ("org $808000\nbne Other\norg $818000\nOther:\nrtl", "branch-range"),
        ("org $808000\nnop\nnop\nwarnpc $808001", "warnpc"),
        ("org $808000\nnop\n" * (MAX_BLOCKS + 1), "org blocks"),
        ("org $808000\n" + "nop #99\n" * 2000, "too-long"),
        ("x" * (MAX_CHARACTERS + 1), "longer than"),
    ],
)
def test_what_is_no_patch_says_why(text: str, reason: str) -> None:
    with pytest.raises(PatchError, match=reason):
        read_patch(text)


@given(
    text=st.text(max_size=200),
    lines=st.lists(st.sampled_from(["org $808000", "Here:", "jml Here", "lda #", "!a=b", "!a", "nop #9"])),
)
def test_any_text_is_a_patch_or_an_error(text: str, lines: list[str]) -> None:
    for said in (text, "\n".join([*lines, text]), "org $808000\n" + "\n".join(lines)):
        try:
            cells = read_patch(said).cells
        except PatchError:
            continue
        assert all(is_rom(address) and 0 <= byte <= 0xFF for address, byte in cells.items())
