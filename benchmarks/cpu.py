"""Speed of the 65816 toolset: instructions per second, cost of a call, cost of an assembly, and where the time goes.

Run as ``python benchmarks/cpu.py``. Prints the best of some rounds; needs no arguments and takes seconds.

The core decodes an instruction once, to a closure that has its operand, and keeps it in a table per state of E, M, X
and the alignment of D. What else was tried, on the three routines below (3.4, 2.3 and 2.1 million/s as it is):

- decoding every time: 0.28, 0.26, 0.24;
- branches that name their flag instead of reading it through `operator.attrgetter`: 3.4, 2.4, 2.2, for eight more
  functions, so it was left;
- no journal of writes and no watch on written code: 3.6, 2.6, 2.4, but then a run cannot be undone, and code cannot
  change itself; both are kept;
- no count of cycles: 3.6, 2.4, 2.2; kept;
- a ``while`` loop with a counter instead of ``for`` over a range: 3.3, 2.3, 2.1.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from agents.training.w65816 import Machine, assemble

ROUNDS = 5
LENGTH = 500
"""How often an instruction is repeated to be timed."""
INSTRUCTIONS = ("nop", "lda #$12", "lda $10", "lda $2000,x", "lda ($10),y", "adc $10", "sta $10", "inc $10", "bra *+2")

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
    show_instructions(machine)
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
    show_shares(machine)


def show_instructions(machine: Machine) -> None:
    """Print what one instruction costs, and how much of that is not the loop around it (the cost of a NOP)."""
    loop = 0.0
    for text in INSTRUCTIONS:
        machine.clear()
        machine.load(0x8000, assemble(f"repeat {LENGTH} : {text}\nrts").code)
        seconds = best(lambda: machine.call(0x8000), 20) / LENGTH
        loop = loop or seconds
        print(f"{text:28} {seconds * 1e9:5.0f} ns, {1 - loop / seconds:4.0%} of it beyond the loop")


def show_shares(machine: Machine) -> None:
    """Print how the time of a proof by one run is shared: assembling, loading, decoding, running, undoing."""
    source = SOURCES["shift-and-add multiply"]
    code = assemble(source).code

    def load() -> None:
        machine.clear()
        machine.load(0x8000, code)

    def decode() -> None:
        load()
        machine.call(0x8000, budget=60)

    def run() -> None:
        machine.reset()
        machine.call(0x8000)

    assembling, loading, decoding = (best(action, 100) for action in (lambda: assemble(source), load, decode))
    load()
    running = best(run, 20)
    parts = {"assemble": assembling, "clear and load": loading, "decode": decoding - loading, "run and undo": running}
    total = sum(parts.values())
    shares = ", ".join(f"{name} {seconds / total:.0%}" for name, seconds in parts.items())
    print(f"a proof by one run of 2,019 instructions: {total * 1e6:.0f} us: {shares}")


if __name__ == "__main__":
    main()
