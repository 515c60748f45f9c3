"""Inputs that find mistakes: edges, equal operands, carry chains, and plain random ones.

Owns how further inputs are drawn for a routine. Never knows what a routine computes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random

from agents.training.routines.contract import Place, Value

_EDGES = (0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF)
_WORDS = (0x0000, 0x0001, 0x00FF, 0x0100, 0x7FFF, 0x8000, 0xFF00, 0xFFFF)
_DIGITS = (0, 0, 1, 4, 5, 9, 9)
_KIN = (0, 1, 2, 0, 5, 5, 3, 4)
"""Turn by turn, how the second of two operands follows from the first: equal, one more, one less, ..."""
_MUST = 12

Span = tuple[int, int]
"""The lowest and the highest value that a number, or each byte of a block, may have."""


def digits(rng: Random, count: int) -> int:
    """Return a packed BCD number of ``count`` digits, rich in 0, 9 and digits that carry."""
    value = 0
    for _ in range(count):
        value = value << 4 | (int(rng.random() * 10) if rng.random() < 0.5 else _one(rng, _DIGITS))
    return value


def figure(rng: Random, size: int, span: Span, edges: Sequence[int] = ()) -> int:
    """Return a number of ``size`` bytes inside ``span``: random, near an end, one of ``edges``, or of edge bytes."""
    low, high = span
    roll = rng.random()
    inside = [edge for edge in edges if low <= edge <= high]
    if inside and roll < 0.35:
        return _one(rng, inside)
    if roll < 0.5:
        return low + int(rng.random() * (high - low + 1))
    if roll < 0.7:
        return max(low, min(high, _one(rng, (low, low + 1, high - 1, high))))
    if size == 2 and roll < 0.85:
        return _into(_one(rng, _WORDS), span)
    return _into(sum(_octet(rng) << 8 * at for at in range(size)), span)


def block(rng: Random, size: int, span: Span, edges: Sequence[int] = ()) -> bytes:
    """Return ``size`` bytes inside ``span``: random, all equal, or of edge bytes and ``edges``."""
    low, high = span
    roll = rng.random()
    if roll < 0.5:
        return bytes([low + int(rng.random() * (high - low + 1)) for _ in range(size)])
    palette = [edge for edge in (*_EDGES, *edges, *edges, low, high) if low <= edge <= high]
    if roll < 0.62:
        return bytes([_one(rng, palette)] * size)
    return bytes([_one(rng, palette) for _ in range(size)])


def inputs(
    rng: Random, places: Sequence[Place], within: Mapping[str, Span], edges: Sequence[int] = (), turn: int = -1
) -> dict[str, Value]:
    """Return a value for each of ``places``; ``within`` narrows numbers, or the bytes of arrays, by place name.

    Turns from 0 on go through edges and relations in order, so that the first ones miss none that matters; with
    turn -1 all is left to chance.
    """
    spans = {place.name: within.get(place.name, _whole(place)) for place in places}
    values: dict[str, Value] = {}
    for place in places:
        draw: Callable[[Random, int, Span, Sequence[int]], Value] = block if place.array else figure
        values[place.name] = draw(rng, place.size, spans[place.name], edges)
    if len(places) == 1 and turn >= 0:
        must = _must(places[0], spans[places[0].name], edges)
        if turn < len(must):
            values[places[0].name] = must[turn]
    _relate(rng, places, spans, values, turn)
    return values


def _must(place: Place, span: Span, edges: Sequence[int]) -> list[Value]:
    """Return the values that a routine with one input is always tried with."""
    low, high = span
    if place.array:
        inside = [edge for edge in edges if low <= edge <= high]
        mixed = [bytes([inside[(at + turn) % len(inside)] for at in range(place.size)]) for turn in range(2) if inside]
        return [bytes([low] * place.size), bytes([high] * place.size), *mixed]
    half = 1 << (8 * place.size - 1)
    general = (0, 1, half - 1, half, high - 1, high, *(_WORDS if place.size == 2 else ()))
    return list(dict.fromkeys(value for value in (*edges, *general) if low <= value <= high))[:_MUST]


def _relate(
    rng: Random, places: Sequence[Place], spans: Mapping[str, Span], values: dict[str, Value], turn: int
) -> None:
    """Make one operand equal to another of its kind, its neighbour, or its complement, now and then."""
    pairs = [
        (first, second)
        for at, first in enumerate(places)
        for second in places[at + 1 :]
        if (first.array, first.size) == (second.array, second.size)
    ]
    if not pairs or (not 0 <= turn < len(_KIN) and rng.random() > 0.4):
        return
    first, second = pairs[turn % len(pairs)]
    kind = _KIN[turn] if 0 <= turn < len(_KIN) else int(rng.random() * 6)
    values[second.name] = _kin(rng, values[first.name], second, spans[second.name], kind)


def _kin(rng: Random, value: Value, place: Place, span: Span, kind: int) -> Value:
    if isinstance(value, bytes):
        if not kind:
            return value
        at = int(rng.random() * len(value))
        return value[:at] + bytes([_into(value[at] ^ 1 << int(rng.random() * 8), span)]) + value[at + 1 :]
    top = (1 << 8 * place.size) - 1
    kin = (value, value + 1, value - 1, top - value, top + 1 - value, value ^ (1 << (8 * place.size - 1)))
    return _into(kin[kind] & top, span)


def _whole(place: Place) -> Span:
    return 0, 255 if place.array else (1 << 8 * place.size) - 1


def _into(value: int, span: Span) -> int:
    low, high = span
    return value if low <= value <= high else low + (value - low) % (high - low + 1)


def _octet(rng: Random) -> int:
    return _one(rng, _EDGES) if rng.random() < 0.65 else int(rng.random() * 256)


def _one(rng: Random, options: Sequence[int]) -> int:
    return options[int(rng.random() * len(options))]
