"""Sentences that all tasks about patches share: the ROM, its rules, file offsets, walks through new code.

Owns wording. Never decides what is true: every number comes from the task.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from agents.training.domains.oracle.hooking import Block
from agents.training.domains.oracle.host import Host
from agents.training.domains.oracle.rom import Region, offset, show
from agents.training.phrases import phrase, pick
from agents.training.routines.contract import Routine

_SYSTEM = (
    "You are <an experienced|a careful> SNES ROM hacker. <Patches are applied and run|Your patches are tested by "
    "running "
    "them>; <explain what you do|say why, not only what>.",
    "You help people with SNES ROM hacking: 65816 hooks, free space, asar patches. <Be exact|Mind addresses, widths "
    "and "
    "the stack>.",
    "<Mentor|Tutor> for 65816 ROM hacks. <Your answers are tried out|What you answer is tried out>; <give the "
    "reasons|say why it holds>.",
    "You <review and write|write> asar patches for LoROM games. Every <claim|address> is checked.",
)
BITS = {True: "8", False: "16"}
_ENTRY = (
    "At entry A has {a} bits, X and Y have {x}; native mode, D = 0, DB = ${db:02X} (the routine's own bank).",
    "Entry state: native mode, A {a}-bit, X/Y {x}-bit, D = $0000, DB = ${db:02X}.",
    "It is entered with {a}-bit A and {x}-bit X/Y, DB = ${db:02X}, D = 0.",
    "On entry: M = {m} (A {a} bits), X flag = {i} (index registers {x} bits), D = 0, DB = ${db:02X}.",
)
_CALLED = (
    "It is called by {jsr} from {call}.",
    "{call} calls it with {jsr}.",
    "Its caller is a {jsr} at {call}, and there may be more.",
    "Known caller: {jsr} at {call}.",
)
_RELIED = (
    "After the return callers use {what}: <as today|exactly what the routine leaves there now>, please.",
    "Callers rely on {what} after the return.",
    "What callers look at afterwards: {what}.",
    "{what} must come out as <they do now|today>: callers need <them|what is there>.",
)
_UNUSED = (
    "No caller looks at a register afterwards; widths, D, DB and S must be as today, of course.",
    "Registers do not matter to the callers after the return, apart from widths, D, DB and S.",
)
_FREE = (
    "Free space (filled with $FF): {}.",
    "These bytes are unused: {}.",
    "You may use {}, nothing there is referenced.",
    "Free: {}.",
)
_LIMITS = (
    "<Displace|Overwrite> as few instructions as the jump needs, and no other byte of the ROM outside free space.",
    "Besides free space <only|nothing but> the displaced instructions may change, and no more of them than necessary.",
)
_BYTES = (
    "In the routine only {} may change.",
    "Besides free space you may write {} and nothing else.",
    "The patch may touch {} and free space.",
)
_MEMORY = (
    "No other RAM may change.",
    "Otherwise RAM must end up as it does today.",
    "Leave all other RAM alone (the stack excepted).",
)
_SYNTAX = (
    "asar syntax, LoROM: `org` blocks in one asm block; the digits set the size of an immediate (#$05 one byte, #$0005 "
    "two).",
    "Give one asm block in asar syntax with an `org` for each place (LoROM). As in asar, #$12 is an 8-bit and #$0012 a "
    "16-bit immediate.",
    "One fenced asm block, asar style, `org $BBAAAA` before each part; immediates are as wide as their digits.",
)


def system(rng: Random) -> str:
    """Return a short system message."""
    return phrase(rng, _SYSTEM)


def joined(words: Sequence[str]) -> str:
    """Return ``words`` as a list in a sentence."""
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def counted(number: int, noun: str) -> str:
    """Return a small number and its noun in words."""
    names = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return f"{names[number] if number < len(names) else number} {noun}{'' if number == 1 else 's'}"


def entry_state(rng: Random, routine: Routine, bank: int) -> str:
    """Return the machine state at the entry of ``routine``."""
    form = _ENTRY[int(rng.random() * len(_ENTRY))]
    return form.format(a=BITS[routine.m8], x=BITS[routine.x8], m=int(routine.m8), i=int(routine.x8), db=bank)


def called(rng: Random, host: Host) -> str:
    """Return who calls the routine."""
    return phrase(rng, _CALLED, jsr="JSL" if host.routine.far else "JSR", call=show(host.call))


def relied(rng: Random, host: Host) -> str:
    """Return what callers use after the return."""
    if not host.relied:
        return pick(rng, "|".join(_UNUSED))
    names = ["the carry" if name == "C" else f"{name} ({8 * host.routine.width(name)} bits)" for name in host.relied]
    text = phrase(rng, _RELIED[:3] if len(names) == 1 else _RELIED, what=joined(names))
    return text[0].upper() + text[1:]


def free(rng: Random, regions: Sequence[Region]) -> str:
    """Return the free regions with their sizes."""
    parts = [f"{region.text} ({region.size} bytes)" for region in regions]
    if rng.random() < 0.3:
        parts.reverse()
    return pick(rng, "|".join(_FREE)).format(joined(parts))


def limits(rng: Random, level: int, region: Region) -> str:
    """Return which bytes may change; level 1 names them."""
    if level == 1:
        return pick(rng, "|".join(_BYTES)).format(region.text)
    return phrase(rng, _LIMITS)


def memory(rng: Random) -> str:
    """Return the rule about other RAM."""
    return pick(rng, "|".join(_MEMORY))


def syntax(rng: Random) -> str:
    """Return the form of the answer."""
    return _SYNTAX[int(rng.random() * len(_SYNTAX))]


def listed(rng: Random, sentences: Sequence[str]) -> str:
    """Return facts as bullets or as a paragraph, in a drawn order."""
    facts = [*sentences]
    rng.shuffle(facts)
    if rng.random() < 0.5:
        mark = pick(rng, "- |* |+ ")
        return "\n".join(mark + fact for fact in facts)
    return " ".join(facts)


_OFFSETS = (
    "File <positions|offsets> (LoROM, no header): {parts}.",
    "LoROM puts 32 KiB of each bank into the file, so offset = (bank AND $7F) * $8000 + (address - $8000): {parts}.",
    "In a file without header: {parts}; that is (bank AND $7F) * $8000 plus the address without its top bit.",
    "Offsets in the headerless file: {parts}. Add $200 if the file has a copier header.",
)


def offsets(rng: Random, places: Sequence[tuple[str, int]]) -> str:
    """Return the file offsets of named addresses."""
    parts = [f"{name} {show(address)} -> ${offset(address):06X}" for name, address in places]
    return phrase(rng, _OFFSETS, parts=", ".join(parts))


def walk(rng: Random, block: Block) -> str:
    """Return the steps of a block with their reasons; equal ones in a row are one."""
    mark, dash = pick(rng, "- |* |1"), pick(rng, ": | - | = ")
    out: list[str] = []
    for step in block.steps:
        line = f"`{step.text}`{dash}{step.note}"
        if step.text and (not out or not out[-1].endswith(line)):
            out.append((f"{len(out) + 1}. " if mark == "1" else mark) + line)
    return "\n".join(out)
