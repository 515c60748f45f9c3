"""Why a hook holds: the displaced bytes, the way there and back, the state that is saved.

Owns the wording of these reasons. Never decides any of them: they follow from the hook.
"""

from __future__ import annotations

from itertools import groupby
from random import Random

from agents.training.domains.oracle import prose
from agents.training.domains.oracle.hooking import INVERSE, JUMP, Site
from agents.training.domains.oracle.kinds.hooked import Hooked
from agents.training.domains.oracle.rom import long, show
from agents.training.phrases import phrase, pick
from agents.training.routines.contract import hex_address


def displaced(rng: Random, it: Hooked) -> str:
    """Return which bytes the jump takes and what fills the rest."""
    site, op = it.site, "JML" if it.jumps else "JSL"
    parts = [_sized(text, size, times) for text, size, times in _runs(site)]
    total, spare = site.region.size, site.region.size - JUMP
    lead = phrase(
        rng,
        (
            "{op} with its 24-bit address takes four bytes. From {site} on they cover {parts}",
            "The jump at {site} needs four bytes ({op} is an opcode and three address bytes), which touches {parts}",
            "Four bytes are needed for {op}. At {site} stand {parts}",
            "{site} has to hold a {op}, that is four bytes; the instructions under it are {parts}",
        ),
        op=op,
        site=show(site.start),
        parts=prose.joined(parts),
    )
    if not spare:
        return lead + pick(rng, ": exactly four bytes, nothing is left over.|, which makes four: no padding is needed.")
    nops = prose.counted(spare, "NOP")
    forms = (
        f", {total} bytes in all; {nops} up to {show(site.back)} leave{'s' * (spare == 1)} no half instruction behind.",
        f", {total} bytes, so I pad with {nops} and {show(site.back)} stays the start of an instruction.",
        f": {total} bytes. A jump alone would end inside an instruction, hence {nops} before {show(site.back)}.",
    )
    return lead + phrase(rng, forms)


def _runs(site: Site) -> list[tuple[str, int, int]]:
    """Return text, size and number of the displaced instructions, equal neighbours together."""
    groups = ((text, list(rows)) for text, rows in groupby(site.displaced, key=lambda row: row.text))
    return [(text, len(rows[0].data), len(rows)) for text, rows in groups]


def _sized(text: str, size: int, times: int) -> str:
    each = prose.counted(size, "byte")
    return f"`{text}` ({each})" if times == 1 else f"{prose.counted(times, 'time')} `{text}` ({each} each)"


_ALL_MOVE = (
    "They move into the new code and run there <unchanged|as they are>",
    "They are executed in the new code instead",
    "The new code carries them along",
)


def way(rng: Random, it: Hooked) -> str:
    """Return how the new code is reached and left, and why so."""
    site = it.site
    text = phrase(rng, _ALL_MOVE) + (", before the extra. " if site.after else ", after the extra. ")
    if not it.jumps:
        return text + _called_way(rng, it)
    return text + _jumped_way(rng, site)


def _called_way(rng: Random, it: Hooked) -> str:
    after, bank = show(it.site.start + JUMP), f"${it.region.start >> 16:02X}"
    return phrase(
        rng,
        (
            "None of them uses the stack or branches, so JSL and RTL do: RTL comes back to {after}.",
            "JSL pushes bank and address, RTL takes these three bytes back and goes on at {after}; an RTS would take "
            "only "
            "two and stay in bank {bank}.",
            "There is no stack instruction and no branch among them, so JSL is safe, and RTL returns to {after}.",
        ),
        after=after,
        bank=bank,
    )


def _jumped_way(rng: Random, site: Site) -> str:
    reasons = []
    branches = [row for row in site.displaced if row.op in INVERSE]
    stack = [row for row in site.displaced if not row.target and row.op[:2] in {"ph", "pl", "pe"}]
    if stack:
        reasons.append(
            f"`{stack[0].text}` works on the stack, and after a JSL three bytes of return address would lie there"
        )
    if branches:
        row = branches[0]
        reasons.append(
            f"`{row.text}` is relative and cannot reach {show(row.target)} from another bank, so it becomes "
            f"`{INVERSE[row.op]}` over `jml {long(row.target)}`"
        )
    if not reasons:
        reasons.append(pick(rng, "JML leaves the stack alone|a pair of JMLs needs no stack|with JML nothing is pushed"))
    text = "; ".join(reasons)
    back = phrase(
        rng,
        (
            "So there is JML both ways, and the last one goes to {back}.",
            "Hence JML there and JML back to {back}.",
            "The way is JML, and JML again to {back}, the instruction behind the displaced ones.",
        ),
        back=show(site.back),
    )
    return f"{text[0].upper() + text[1:] if not text.startswith('`') else text}. {back}"


_FRAMED = (
    "PHP keeps the flags and both width bits, PLP puts them back.",
    "The new code changes flags, so PHP and PLP enclose it; the widths M and X travel with P.",
    "Between PHP and PLP flags and widths may change freely.",
)
_SAVED = (
    "{what} save what the new code overwrites, and the pulls come in the opposite order.",
    "What it overwrites is saved by {what} and taken back in reverse order.",
)
_SAVES = {"PHA": ("A", "PLA"), "PHX": ("X", "PLX"), "PHY": ("Y", "PLY"), "PHB": ("DB", "PLB"), "PHD": ("D", "PLD")}


def framed(rng: Random, it: Hooked) -> str:
    """Return why the state survives."""
    out = [phrase(rng, _FRAMED), _widths(it), _saved(rng, it)]
    if it.decimal and it.effect.sums:
        out.append("Decimal mode is on at that point: CLD makes the sum binary, and PLP restores the mode.")
    return " ".join(filter(None, [*out, _reach(it)]))


def _widths(it: Hooked) -> str:
    effect = it.effect
    want = effect.m8 if effect.m8 is not None else it.m8
    there = f"At {show(it.site.moment)} A has {prose.BITS[it.m8]} bits and X/Y have {prose.BITS[it.x8]}"
    if any(step.text == "rep #$30" for step in it.body):
        index = f" and {prose.BITS[effect.x8]}-bit X/Y" if effect.x8 is not None else ""
        return (
            f"{there}; the new code needs {prose.BITS[want]}-bit A{index}. REP #$30 comes before the pushes, so that "
            "whole 16-bit registers are saved whatever the width was."
        )
    if want == it.m8:
        return f"{there}, and the new code needs {prose.BITS[want]}-bit A: no REP or SEP is necessary."
    if "A" not in effect.destroys:
        how = f"{'REP' if it.m8 else 'SEP'} #$20 switches, and PLP switches back"
    elif it.m8:
        how = "REP #$20 comes before PHA, so that both bytes of A are saved"
    else:
        how = "SEP #$20 comes after PHA, and REP #$20 before PLA, because a push and its pull must have the same width"
    return f"{there}; the new code works on {prose.BITS[want]} bits: {how}."


def _saved(rng: Random, it: Hooked) -> str:
    pushes = [step.text.upper() for step in it.body if step.role == "save" and step.text.upper() in _SAVES]
    if not pushes:
        return "No register is changed, so nothing else has to be saved."
    if len(pushes) > 1:
        return " ".join(filter(None, [phrase(rng, _SAVED, what=prose.joined(pushes)), _narrowed(it, pushes)]))
    register, pull = _SAVES[pushes[0]]
    return f"{pushes[0]} saves {register}, {pull} gives it back."


def _narrowed(it: Hooked, pushes: list[str]) -> str:
    """Return why an index register is saved that the new code itself leaves alone."""
    spared = [push for push in ("PHX", "PHY") if push in pushes and push[2] not in it.effect.destroys]
    if not spared:
        return ""
    narrow = next(step.text.upper() for step in it.body if step.text in {"sep #$10", "sep #$30"})
    names = prose.joined([push[2] for push in spared])
    return (
        f"{narrow} clears the high bytes of X and Y, hence {prose.joined(spared)}, although the new code never uses "
        f"{names}."
    )


def _reach(it: Hooked) -> str:
    """Return how the place that matters is addressed."""
    address = it.effect.main[0]
    if it.effect.kind in {"page", "move", "wipe"}:
        return ""
    if address > 0xFFFF:
        return f"{show(address)} is outside of the data bank ${it.host.bank:02X}, so it is addressed with 24 bits."
    if address > 0xFF:
        return f"DB stays ${it.host.bank:02X}, where ${address:04X} is work RAM, so a 16-bit address does."
    return f"D is 0, so {hex_address(address)} can be addressed directly."
