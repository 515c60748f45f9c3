"""Speed of the 65816 toolset: instructions per second, cost of a call, cost of an assembly.

Run as ``python benchmarks/cpu.py``. Prints the best of some rounds; needs no arguments and takes seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from agents.training.w65816 import Machine, assemble

ROUNDS = 5

SOURCES = {
    "16-bit sum of a table": """
        rep #$30
        lda #$0000
        ldx #$00FE
    .loop:
        clc
        adc $7E2000,x
        sta $10
        dex
        dex
        bpl .loop
        rts
    """,
    "8-bit copy through pointers": """
        sep #$30
        lda #$20
        sta $01
        inc a
        sta $03
        stz $00
        stz $02
        ldy #$00
    .loop:
        lda ($00),y
        sta ($02),y
        iny
        bne .loop
        rts
    """,
    "shift-and-add multiply": """
    main:
        rep #$30
        ldy #$0020
    .again:
        sty $04
        jsr multiply
        ldy $04
        dey
        bne .again
        rts
    multiply:
        php
        rep #$20
        stz $02
        lda #$0055
        sta $00
    .bit:
        lsr $00
        bcc .skip
        lda $02
        clc
        adc #$0123
        sta $02
    .skip:
        asl $06
        lda $00
        bne .bit
        plp
        rts
    """,
}


def best(action: Callable[[], object], repeats: int) -> float:
    """Return the seconds of one ``action``, the best of `ROUNDS` rounds of ``repeats``."""
    rounds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(repeats):
            action()
        rounds.append((time.perf_counter() - start) / repeats)
    return min(rounds)


def main() -> None:
    """Measure and print."""
    machine = Machine()

    def again() -> None:
        machine.call(0x8000)
        machine.reset()

    for name, source in SOURCES.items():
        machine.clear()
        machine.load(0x8000, assemble(source).code)
        run = machine.call(0x8000)

        seconds = best(again, 100)
        print(f"{name:28} {run.instructions:5} instructions  {run.instructions / seconds / 1e6:5.2f} million/s")
    machine.clear()
    machine.load(0x8000, b"\x60")
    print(f"call of a bare rts, and reset  {best(again, 2000) * 1e6:6.1f} us")
    source = SOURCES["shift-and-add multiply"]
    lines = source.strip().count("\n") + 1
    print(f"assemble {lines} lines              {best(lambda: assemble(source), 100) * 1e6:6.1f} us")

    def fresh() -> None:
        machine.clear()
        machine.load(0x8000, assemble(source).code)
        machine.call(0x8000, budget=60)

    print(f"assemble, load, first 60 steps {best(fresh, 100) * 1e6:6.1f} us")


if __name__ == "__main__":
    main()
