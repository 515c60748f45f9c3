"""The program in the console that records: sets a state, jumps to the instruction under test, catches what follows.

Owns the cartridge and the mailbox in work RAM through which it is told what to do. Never chooses a state.

The recorder writes the whole of work RAM, then sets ``GO``. The program loads the registers, takes P from the byte
at S (PLP) and jumps through ``TARGET``. Behind the instruction stands a trap that the recorder put there: BRK (COP
where BRK is tested), in emulation mode behind PHK, which the interrupt does not push there. The handler stores the
registers, and the rest is on the stack. The harness uses plain loads, stores and transfers only.
"""

from __future__ import annotations

from agents.training.w65816 import assemble

RESERVED = range(0x1E00, 0x2000)
"""Work RAM of the program: mailbox and stack."""
GO, DONE, EMULATION, DELAY = 0x1E00, 0x1E01, 0x1E02, 0x1E04
A, X, Y, S_BEFORE_P, D, DBR, TARGET = 0x1E10, 0x1E12, 0x1E14, 0x1E16, 0x1E18, 0x1E1A, 0x1E20
OUT_A, OUT_X, OUT_Y, OUT_S, OUT_D, OUT_DBR, OUT_E, OUT_H, OUT_V = range(0x1E30, 0x1E42, 2)
NATIVE_BRK, NATIVE_COP, EMULATION_BRK, EMULATION_COP = range(0x1E80, 0x1E90, 4)
"""Where the vectors point to: four bytes each, which the recorder fills."""

_SOURCE = f"""
start:
    sei
    clc
    xce
park:
    rep #$30
    lda #$1FFF
    tcs
    lda #$0000
    tcd
    sep #$20
    pha
    plb
    lda #$80
    sta $2100
    lda #$01
    sta ${DONE:04X}
wait:
    lda ${GO:04X}
    beq wait
    stz ${GO:04X}
    lda ${DBR:04X}
    pha
    plb
    rep #$30
    lda.l ${DELAY:06X}
    tax
delay:
    nop
    dex
    bne delay
    lda.l ${D:06X}
    tcd
    lda.l ${S_BEFORE_P:06X}
    tcs
    lda.l ${X:06X}
    tax
    lda.l ${Y:06X}
    tay
    sep #$20
    lda.l ${EMULATION:06X}
    beq native
    rep #$20
    lda.l ${A:06X}
    sec
    xce
    plp
    jmp [${TARGET:04X}]
native:
    rep #$20
    lda.l ${A:06X}
    plp
    jmp [${TARGET:04X}]

caught_native:
    rep #$30
    sta.l ${OUT_A:06X}
    lda #$0000
    bra store
caught_emulation:
    clc
    xce
    rep #$30
    sta.l ${OUT_A:06X}
    lda #$0001
store:
    sta.l ${OUT_E:06X}
    sep #$20
    lda.l $002137
    lda.l $00213F
    lda.l $00213C
    sta.l ${OUT_H:06X}
    lda.l $00213C
    sta.l ${OUT_H + 1:06X}
    lda.l $00213D
    sta.l ${OUT_V:06X}
    lda.l $00213D
    sta.l ${OUT_V + 1:06X}
    rep #$20
    txa
    sta.l ${OUT_X:06X}
    tya
    sta.l ${OUT_Y:06X}
    tsc
    sta.l ${OUT_S:06X}
    tdc
    sta.l ${OUT_D:06X}
    lda #$1FFF
    tcs
    sep #$20
    phb
    pla
    sta.l ${OUT_DBR:06X}
    jmp.l park
"""

VECTORS = {
    0xFFE4: NATIVE_COP,
    0xFFE6: NATIVE_BRK,
    0xFFF4: EMULATION_COP,
    0xFFFE: EMULATION_BRK,
    0xFFFC: 0x8000,
}
"""Address of a vector -> where it points to."""


def _program() -> tuple[bytes, dict[str, int]]:
    program = assemble(_SOURCE.replace("jmp.l", "jml"), origin=0x8000)
    return program.code, dict(program.labels)


CODE, LABELS = _program()


def cartridge() -> bytes:
    """Return the image: 32 KiB, LoROM, with a header and its checksum."""
    image = bytearray(0x8000)
    image[: len(CODE)] = CODE
    image[0x7FC0:0x7FD5] = b"INSTRUCTION VECTORS".ljust(21)
    image[0x7FD5:0x7FDC] = bytes((0x20, 0x00, 0x08, 0x00, 0x01, 0x00, 0x00))
    image[0x7FDC:0x7FE0] = b"\xff\xff\x00\x00"
    for address, target in VECTORS.items():
        image[address - 0x8000 : address - 0x7FFE] = target.to_bytes(2, "little")
    checksum = sum(image) & 0xFFFF
    image[0x7FDC:0x7FE0] = (checksum ^ 0xFFFF).to_bytes(2, "little") + checksum.to_bytes(2, "little")
    return bytes(image)


def handlers(*, cop_is_the_trap: bool) -> dict[int, bytes]:
    """Return what stands where the vectors point to: the catcher, or a trap where the instruction itself goes there."""
    native = b"\x5c" + LABELS["caught_native"].to_bytes(3, "little")
    emulation = b"\x5c" + LABELS["caught_emulation"].to_bytes(3, "little")
    if cop_is_the_trap:
        return {NATIVE_COP: native, NATIVE_BRK: trap(False, True), EMULATION_COP: emulation,
                EMULATION_BRK: trap(True, True)}  # fmt: skip
    return {NATIVE_BRK: native, NATIVE_COP: trap(False, False), EMULATION_BRK: emulation,
            EMULATION_COP: trap(True, False)}  # fmt: skip


def trap(emulation: bool, cop: bool) -> bytes:
    """Return the code that catches what comes behind the instruction: PHK in emulation mode, then BRK or COP."""
    return (b"\x4b" if emulation else b"") + (b"\x02" if cop else b"\x00") + b"\x00"
