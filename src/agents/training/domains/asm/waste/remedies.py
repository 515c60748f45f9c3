"""What is wasteful about each kind of waste, and what to do about it, in words."""

from __future__ import annotations

from random import Random

from agents.training.domains.asm.waste.inject import Piece
from agents.training.phrases import vary
from agents.training.routines.contract import Line
from agents.training.routines.render import Style

_REMEDIES = {
    "zero_through_a": "{old} <only |>store a zero, and A is not needed afterwards: {right} does <that|it> alone",
    "compare_with_zero": "{right} has set N and Z already, and <nothing here uses|nobody needs> the carry of the "
    "compare: <drop|delete> {last}",
    "count_by_adding": "{old} spell out a step of 1, and their carry is not used: {right} is enough",
    "count_through_a": "{old} count a memory cell by way of A: {right} does it in place, and A is not needed for it",
    "absolute_for_direct": "{old} reaches the direct page through a 16-bit address; with D = 0 the short form {right} "
    "names the same byte<| in fewer bytes>",
    "long_for_absolute": "{old} carries a bank byte, though DB is 0 and the address lies in bank 0: {right} <will "
    "do|is "
    "enough|reads or writes the same byte>",
    "load_again": "the register still holds what has just been stored, and the flags of {last} are not used: drop it",
    "transfer_back": "{last} copies the value back to where it came from: drop it",
    "width_again": "the register has that width already, so {old} changes nothing: drop it",
    "jump_for_branch": "{old} takes three bytes, and the target is near enough for {right}, which takes two",
    "branch_around_jump": "{old} form a branch around a jump; the target is near enough for the opposite branch, so "
    "{right} goes there directly",
    "needless_save": "the routine never changes {register}, so {old} save nothing: drop both",
    "halves": "{old} move a word in two halves and switch the width twice, though A is 16 bits wide here: {right} move "
    "both bytes at once",
    "clear_known_carry": "behind {right} the carry is known where execution falls through, so {last} changes nothing: "
    "drop it",
    "shift_by_rotating": "{old} do in two steps what {right} does in one: the plain shift brings a 0 in by itself",
    "load_through_a": "{old} load an index register by way of A: {right} does it directly",
    "mask_by_hand": "{old} change bits of a memory cell by hand: {right} do it with the mask in A",
    "reload_in_loop": "nothing in the loop changes A, so {old} repeats in every round what was done before it: drop it",
    "count_upwards": "{old} count up, and that takes a compare in each round; counting down ({right}) ends at 0, which "
    "sets Z without one",
    "split_tail": "{old} call a part that has one caller and then return: let execution run on into {right} instead",
}


def remedy(rng: Random, style: Style, piece: Piece) -> str:
    """Return why ``piece`` is waste, and what to write instead."""
    texts = [f"`{style.instruction(line)}`" for line in piece.lines]
    return vary(rng, _REMEDIES[piece.kind]).format(
        old=_joined(texts),
        last=texts[-1],
        right="X" if piece.kind == "needless_save" else _instead(style, piece.right),
        register=piece.right,
    )


def _instead(style: Style, right: str) -> str:
    parts = [text.partition(" ") for text in right.split(" / ")]
    return _joined([f"`{style.instruction(Line('', op, arg, ''))}`" for op, _, arg in parts])


def _joined(texts: list[str]) -> str:
    return ", ".join(texts[:-1]) + (" and " if len(texts) > 1 else "") + texts[-1]
