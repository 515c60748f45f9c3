"""New code that is greedy with registers: loops, another data bank, another direct page, a block move.

Owns these additions and their oracles. Never knows where they are hooked in or how they are framed.

Facts: STZ has no long form; PEA pushes two bytes and PLB pulls one; MVN copies A + 1 bytes upwards from X to Y and
leaves DB at the destination bank (WDC W65C816S data sheet, section 7.18 and table 5-4).
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from agents.training.domains.oracle.effects import (
    Effect,
    Number,
    Step,
    draw_address,
    edges,
    entitled,
    immediate,
    operand,
    place_of,
)
from agents.training.phrases import pick, vary


def draw_payload(rng: Random, level: int, taken: list[tuple[int, int]]) -> Effect:
    """Return an addition that is greedy with registers: loops, another data bank, another direct page, a block move."""
    makers = ((_cleared,), (_cleared, _in_bank, _in_page), (_in_bank, _in_page, _moved))[level - 1]
    return makers[int(rng.random() * len(makers))](rng, taken)


def _cleared(rng: Random, taken: list[tuple[int, int]]) -> Effect:
    count, x8 = 2 + int(rng.random() * 11), rng.random() < 0.5
    fill, at = int(rng.random() * 256), draw_address(rng, taken, count, low=rng.random() < 0.4)
    block, pattern = (at, count), int.from_bytes(bytes([fill]) * count, "little")
    lines = (
        Step("", f"ldx {immediate(count - 1, 1 if x8 else 2)}", f"offset of the last of {count} bytes"),
        Step("", f"lda {immediate(fill, 1)}", "the filler"),
        Step(".loop", f"sta {operand(at)},x", "<store|write> it"),
        Step("", "dex", "one byte down"),
        Step("", "bpl .loop", "until X is below 0"),
    )
    goal = f"fill the {count} bytes at {place_of(at)} with ${fill:02X}"
    return _payload(rng, "clear", goal, x8, "AX", lines, block, pattern)


def _in_bank(rng: Random, taken: list[tuple[int, int]]) -> Effect:
    count, x8 = 2 + int(rng.random() * 11), rng.random() < 0.5
    at = draw_address(rng, taken, count, low=False)
    bank = at >> 16
    lines = (
        Step("", f"pea ${bank:02X}{bank:02X}", f"bank ${bank:02X} twice, since PEA pushes two bytes"),
        Step("", "plb", f"DB = ${bank:02X}"),
        Step("", "plb", "the second byte off the stack"),
        Step("", f"ldx {immediate(count - 1, 1 if x8 else 2)}", f"offset of the last of {count} bytes"),
        Step(".loop", f"stz ${at & 0xFFFF:04X},x", "STZ has no long form, hence the data bank"),
        Step("", "dex", "one byte down"),
        Step("", "bpl .loop", "until X is below 0"),
    )
    return _payload(rng, "wipe", f"clear the {count} bytes at {place_of(at)}", x8, "XB", lines, (at, count), 0)


def _in_page(rng: Random, taken: list[tuple[int, int]]) -> Effect:
    page = draw_address(rng, taken, 0x20, low=True) & 0xFFF0
    taken.append((page, page + 0x20))
    source, dest = 2 * int(rng.random() * 7), 0x10 + int(rng.random() * 14)
    amount = 1 + int(rng.random() * 90)
    lines = (
        Step("", f"pea ${page:04X}", "the page of the new variables"),
        Step("", "pld", f"D = ${page:04X}: short addresses now name it"),
        Step("", f"lda ${source:02X}", f"the byte at ${page + source:04X}"),
        Step("", "clc", "no carry into the sum"),
        Step("", f"adc {immediate(amount, 1)}", f"plus {amount}"),
        Step("", f"sta ${dest:02X}", f"to ${page + dest:04X}"),
    )
    first, second = (page + source, 1), (page + dest, 1)
    goal = f"store the byte at ${page + source:04X} plus {amount} (binary, it may wrap) at ${page + dest:04X}"
    return Effect(
        "page", entitled(rng, "add"), goal, True, None, "AD", lines, (second, first),
        ((first, edges(rng, 1, amount)), (second, edges(rng, 1))), lambda v: {second: v[first] + amount & 0xFF}, True,
    )  # fmt: skip


def _moved(rng: Random, taken: list[tuple[int, int]]) -> Effect:
    count = 2 + int(rng.random() * 10)
    source = draw_address(rng, taken, count, low=False)
    dest = draw_address(rng, taken, count, low=False)
    here, there = f"${source >> 16:02X}", f"${dest >> 16:02X}"
    lines = (
        Step("", f"ldx #${source & 0xFFFF:04X}", f"where to read, in bank {here}"),
        Step("", f"ldy #${dest & 0xFFFF:04X}", f"where to write, in bank {there}"),
        Step("", f"lda {immediate(count - 1, 2)}", f"{count} bytes minus one"),
        Step("", f"mvn {there},{here}", "destination bank, source bank; it leaves DB at the destination"),
    )
    first, second = (source, count), (dest, count)
    goal = f"copy {count} bytes from {place_of(source)} to {place_of(dest)}"
    return Effect(
        "move", pick(rng, "CopyBlock|MirrorBlock|MoveBlock|BackUp"), goal, False, False, "AXYB", lines, (second, first),
        tuple((part, tuple(int(rng.random() * (1 << 8 * count)) for _ in range(6))) for part in (first, second)),
        lambda v: {second: v[first]},
    )  # fmt: skip


def _payload(
    rng: Random, kind: str, goal: str, x8: bool, destroys: str, lines: tuple[Step, ...], block: Number, pattern: int
) -> Effect:
    name = pick(rng, "ClearBuffer|WipeBlock|InitBuffer|ResetSlots")
    tried = tuple(int(rng.random() * (1 << 8 * block[1])) for _ in range(6))
    steps = tuple(replace(step, note=vary(rng, step.note)) for step in lines)
    return Effect(kind, name, goal, True, x8, destroys, steps, (block,), ((block, tried),), lambda v: {block: pattern})
