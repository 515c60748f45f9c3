"""Family ``replace``: another behaviour within the same bytes: a constant, a branch, a call that is dropped.

Owns the wording of requests and answers. Never draws a task.
"""

from __future__ import annotations

from random import Random

from agents.training.domains.oracle import prose
from agents.training.domains.oracle.kinds.changes import Change, Replaced, replaced
from agents.training.domains.oracle.listing import Style, fence, listing, patch_rows
from agents.training.domains.oracle.rom import show
from agents.training.domains.oracle.task import Task
from agents.training.phrases import phrase, pick
from agents.training.routines.layout import arrange
from agents.training.routines.phrasing import setting

FAMILIES = ("replace",)


def task(family: str, level: int, salt: int) -> Task:
    """Return the task of a salt."""
    del family
    return replaced(level, salt).task


_OPENINGS = (
    "In `{label}` {wanted}.",
    "I want to change `{label}`: {wanted}.",
    "Please patch `{label}`, nothing may move: {wanted}.",
    "`{label}` shall behave differently: {wanted}.",
    "No free space is needed for this one. In `{label}` {wanted}.",
)
_RULE = (
    "Change only the bytes of {what}; everything behind must stay at its address.",
    "No byte outside of {what} may change, and the routine must keep its length.",
    "It has to be done in place: {what} may be overwritten, nothing else.",
)
_ASKED = (
    "Say which bytes change from what to what, and where they are in the file (no header).",
    "Explain the sizes involved and give old bytes, new bytes and file offsets.",
    "With the reason why it fits, the bytes before and after, and the file offset (no copier header).",
)


def _wish(rng: Random, change: Change, level: int) -> str:
    at = f" at {show(change.row.address)}" if level == 1 else ""
    text = f"`{change.row.text}`"
    if change.kind == "constant":
        new = change.texts[0].partition("#")[2]
        return phrase(
            rng,
            (
                "the {op} with {old}{at} shall use {new} instead",
                "the constant of {text}{at} is to be {new}",
                "{text}{at} must work with {new} rather than {old}",
            ),
            op=change.row.op.upper(), old=change.row.text.partition("#")[2], new=new, at=at, text=text,
        )  # fmt: skip
    if change.kind == "call":
        name = "the subroutine at " + change.row.text[4:]
        return phrase(
            rng,
            (
                "the call {text}{at} shall not happen any more",
                "{name} is not to be called any more ({text}{at})",
                "drop the call {text}{at}",
            ),
            text=text, at=at, name=name,
        )  # fmt: skip
    where = f"to ${change.row.target & 0xFFFF:04X}"
    if change.texts[0] == "nop":
        return phrase(
            rng, ("the branch {text}{at} must never be taken", "{text}{at} shall always fall through"), text=text, at=at
        )
    if change.texts[0].startswith("bra"):
        return phrase(
            rng,
            ("the branch {text}{at} must always be taken", "{text}{at} shall go {where} in every case"),
            text=text,
            at=at,
            where=where,
        )
    return phrase(
        rng,
        (
            "the condition of {text}{at} is to be the opposite",
            "{text}{at} shall branch exactly when it does not branch now",
            "turn the test {text}{at} round",
        ),
        text=text, at=at,
    )  # fmt: skip


def prompt(rng: Random, family: str, level: int, salt: int) -> str:
    """Return the request."""
    del family
    it = replaced(level, salt)
    host = it.host
    wishes = [_wish(rng, change, level) for change in it.changes]
    wanted = "; ".join(wishes) if rng.random() < 0.5 else ", and ".join(wishes)
    what = "that instruction" if len(it.changes) == 1 else "these instructions"
    parts = [
        setting(rng, host.routine) + phrase(rng, _OPENINGS, label=host.routine.label, wanted=wanted),
        listing(rng, host.rows, noted=level == 1 and rng.random() < 0.4),
        prose.listed(
            rng,
            [
                prose.entry_state(rng, host.routine, host.bank),
                prose.called(rng, host),
                phrase(rng, _RULE, what=what),
            ],
        ),
        f"{prose.syntax(rng)} {phrase(rng, _ASKED)}",
    ]
    if rng.random() < 0.6:
        parts.insert(1, pick(rng, "What it does: |Its task: |Today: |So far: ") + host.routine.goal)
    return "\n\n".join(parts)


def answer(rng: Random, family: str, level: int, salt: int) -> str:
    """Return reasoning, patch and bytes."""
    del family
    it = replaced(level, salt)
    style = Style.draw(rng, rng.random() < 0.4)
    rows, _ = patch_rows(it.task.blocks, style)
    last = phrase(rng, _STAYS_ALL if len(it.changes) > 1 else _STAYS)
    if any(change.kind == "call" for change in it.changes):
        last += " The stack is balanced either way: a call and its return push and pull the same bytes."
    reasons = "\n\n".join(_reason(change) for change in it.changes)
    reasons += ("\n\n" if len(it.changes) > 1 else " ") + last
    places = [(f"`{change.row.text}`", change.row.address) for change in it.changes]
    before = "; ".join(
        f"{show(change.row.address)}: {change.row.data.hex(' ').upper()} -> {change.data.hex(' ').upper()}"
        for change in it.changes
    )
    bytes_told = pick(rng, "Old and new bytes: |Bytes before and after: |In bytes: |Byte by byte: ") + before + "."
    rest = [("Bytes|What changes|In the file", f"{bytes_told} {prose.offsets(rng, places)}")]
    if rng.random() < 0.6:
        rest.append(("Effect|Afterwards|What is different", _effect(rng, it)))
    code = ("Patch|Code|The patch", fence(rows))
    reason = ("Reasoning|Why it fits|Plan|Idea", reasons)
    order = [reason, code, *rest] if rng.random() < 0.7 else [reason, *rest, code]
    return arrange(rng, order)


_STAYS = (
    "The new bytes have the same size, so nothing behind them moves.",
    "It is as many bytes as before: no address behind it changes.",
    "Old and new have the same length, and all branches around it stay right.",
)
_STAYS_ALL = (
    "In both places the new bytes have the same size, so nothing behind them moves.",
    "Each takes as many bytes as before: no address behind them changes.",
    "Old and new have the same length at both addresses, and all branches around them stay right.",
)


def _reason(change: Change) -> str:
    row, at = change.row, show(change.row.address)
    if change.kind == "constant":
        size = "one byte" if len(row.data) == 2 else "two bytes, low byte first"
        width = "an 8-bit" if len(row.data) == 2 else "a 16-bit"
        return (
            f"`{row.text}` at {at} has {width} operand ({size}, right behind the opcode ${row.data[0]:02X}). It "
            f"becomes `{change.texts[0]}`."
        )
    if change.kind == "call":
        count = prose.counted(len(row.data), "byte")
        return f"`{row.text}` at {at} has {count}, so it takes {prose.counted(len(row.data), 'NOP')}, each $EA."
    if change.texts[0] == "nop":
        return f"`{row.text}` at {at} has two bytes; two NOPs ($EA) let it always fall through, whatever the flag."
    if change.texts[0].startswith("bra"):
        return (
            f"`{row.text}` at {at} becomes `{change.texts[0]}`: BRA ($80) always branches, and the distance "
            f"${row.data[1]:02X} in the second byte stays."
        )
    return (
        f"`{row.text}` at {at} becomes `{change.texts[0]}`, the branch on the opposite of the same flag: opcode "
        f"${change.data[0]:02X} for ${row.data[0]:02X}, they differ in bit 5 only. The distance ${row.data[1]:02X} "
        f"stays."
    )


def _effect(rng: Random, it: Replaced) -> str:
    span = f"{show(it.host.entry)} to {show(it.host.code[-1].after - 1)}"
    return phrase(
        rng,
        (
            "The routine still occupies {span}, and its callers need no change.",
            "Entry, exit and every other instruction from {span} stay where they are.",
            "No free space, no hook: {span} keeps its size.",
        ),
        span=span,
    )
