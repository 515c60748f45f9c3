"""Small additions to a game: counters, flags, timers, records, limits, each with its code and its oracle.

Owns the drawing of additions. Never knows where they are hooked in or what has to be saved around them.

Facts: INC, DEC, STZ, BIT with an operand in memory have no long form, so places above $1FFF are changed through A;
ADC and SBC work on decimal digits while D is set (WDC W65C816S data sheet, tables 5-4 and 5-7).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from agents.training.domains.oracle.effects import (
    NAMES,
    Effect,
    Number,
    Step,
    Values,
    draw_address,
    edges,
    entitled,
    immediate,
    operand,
    place_words,
)
from agents.training.phrases import vary
from agents.training.routines.contract import Place, hex_address

_PLAIN = ("count", "count_to", "flag", "bits", "toggle", "add", "countdown")
_OF_VALUE = ("snapshot", "highest", "lowest", "total")
_ON_VALUE = ("cap", "floor", "bonus")


def draw_effect(
    rng: Random, level: int, value: Place | None, taken: list[tuple[int, int]], seen: Sequence[int] = ()
) -> Effect:
    """Return an addition; ``value`` is a number of the host that it may look at.

    It may change it where ``seen`` tells which values it has in trials: limits are drawn so that they matter.
    """
    kinds = [*_PLAIN]
    if value and level > 1:
        kinds += [*_OF_VALUE, *_OF_VALUE]
    if value and len(set(seen)) > 1:
        kinds += [*_ON_VALUE] * 2
    kind = kinds[int(rng.random() * len(kinds))]
    effect = (
        _on_value(rng, kind, value, seen) if value and kind in _ON_VALUE else _on_own(rng, level, kind, value, taken)
    )
    return _gated(rng, effect, taken) if rng.random() < (0.0, 0.25, 0.6)[level - 1] else effect


@dataclass(frozen=True, slots=True)
class _Own:
    """What an addition with a place of its own is made of: the place, a number, and a value of the host to look at."""

    rng: Random
    kind: str
    here: Number
    source: Number
    amount: int
    value: Place | None

    @property
    def at(self) -> str:
        return operand(self.here[0])

    @property
    def where(self) -> str:
        return place_words(self.here)

    @property
    def told(self) -> str:
        return f"{self.value.name} ({hex_address(self.value.addr)})" if self.value else self.where

    @property
    def load(self) -> Step:
        return Step("", f"lda {self.at}", "the present value")

    @property
    def store(self) -> Step:
        return Step("", f"sta {self.at}", "<store|write> it back")

    @property
    def read(self) -> Step:
        return Step(
            "", f"lda {operand(self.source[0])}", f"the value of {self.value.name if self.value else self.where}"
        )

    def imm(self, value: int) -> str:
        return immediate(value, self.here[1])


_Made = tuple[str, tuple[Step, ...], Callable[[Values], int]]
"""Goal, code and the new value of the place."""
_STOP = Step(".done", "", "")


def _count(own: _Own) -> _Made:
    here = own.here
    goal = f"add 1 to the counter at {own.where}, which may wrap"
    if here[0] <= 0xFFFF:
        return goal, (Step("", f"inc {own.at}", "one more, straight in memory"),), lambda v: v[here] + 1
    raised = Step("", "inc a", "one more; INC has no long form, so through A")
    return goal, (own.load, raised, own.store), lambda v: v[here] + 1


def _count_to(own: _Own) -> _Made:
    here, amount = own.here, own.amount
    lines = (
        own.load,
        Step("", f"cmp {own.imm(amount)}", "already at the limit?"),
        Step("", "bcs .done", "yes: leave it"),
        Step("", "inc a", "no: one more"),
        own.store,
        _STOP,
    )
    goal = f"add 1 to the meter at {own.where} as long as it is below {amount}"
    return goal, lines, lambda v: v[here] + (v[here] < amount)


def _flag(own: _Own) -> _Made:
    amount = own.amount
    lines = (Step("", f"lda {own.imm(amount)}", "the mark"), replace(own.store, note="<set|write> the flag"))
    return f"store {own.imm(amount)[1:]} in the flag at {own.where}", lines, lambda _: amount


def _bits(own: _Own) -> _Made:
    here, bits = own.here, 8 * own.here[1]
    mask = 1 << int(own.rng.random() * bits) | 1 << int(own.rng.random() * bits)
    op, how = ("ora", "set") if own.kind == "bits" else ("eor", "invert")
    lines = (own.load, Step("", f"{op} {own.imm(mask)}", f"{how} the wanted bits"), own.store)
    goal = f"{how} the bits {own.imm(mask)[1:]} of the {NAMES[own.kind][1]} at {own.where}, and no others"
    return goal, lines, (lambda v: v[here] | mask) if own.kind == "bits" else (lambda v: v[here] ^ mask)


def _add(own: _Own) -> _Made:
    here, amount = own.here, own.amount
    clear = Step("", "clc", "no carry into the sum")
    lines = (own.load, clear, Step("", f"adc {own.imm(amount)}", f"plus {amount}"), own.store)
    return f"add {amount} to the total at {own.where} (binary, it may wrap)", lines, lambda v: v[here] + amount


def _countdown(own: _Own) -> _Made:
    here = own.here
    lines = (own.load, Step("", "beq .done", "at 0 it stays"), Step("", "dec a", "one less"), own.store, _STOP)
    return f"lower the timer at {own.where} by 1, but not below 0", lines, lambda v: v[here] - (v[here] > 0)


def _snapshot(own: _Own) -> _Made:
    source = own.source
    lines = (own.read, replace(own.store, note="<store|write> the copy"))
    return f"copy {own.told} as it is at that moment to {own.where}", lines, lambda v: v[source]


def _record(own: _Own) -> _Made:
    here, source = own.here, own.source
    high = own.kind == "highest"
    lines = (
        own.read,
        Step("", f"cmp {own.at}", "against the record"),
        Step("", f"{'bcc' if high else 'bcs'} .done", f"not {'higher' if high else 'lower'}: keep the record"),
        replace(own.store, note="a new record"),
        _STOP,
    )
    goal = f"keep at {own.where} the {own.kind} value that {own.told} has had there (unsigned)"
    best = max if high else min
    return goal, lines, lambda v: best(v[here], v[source])


def _total(own: _Own) -> _Made:
    here, source = own.here, own.source
    added = Step("", f"adc {operand(source[0])}", f"plus {own.told}")
    lines = (own.load, Step("", "clc", "no carry into the sum"), added, own.store)
    goal = f"add {own.told} to the running total at {own.where} (binary, it may wrap)"
    return goal, lines, lambda v: v[here] + v[source]


_MAKERS: dict[str, Callable[[_Own], _Made]] = {
    "count": _count, "count_to": _count_to, "flag": _flag, "bits": _bits, "toggle": _bits, "add": _add,
    "countdown": _countdown, "snapshot": _snapshot, "highest": _record, "lowest": _record, "total": _total,
}  # fmt: skip


def _on_own(rng: Random, level: int, kind: str, value: Place | None, taken: list[tuple[int, int]]) -> Effect:
    """Return an addition that writes a place of its own."""
    looks = value if kind in _OF_VALUE else None
    size = looks.size if looks else 1 if rng.random() < (0.75, 0.5, 0.4)[level - 1] else 2
    here = (draw_address(rng, taken, size, low=rng.random() < (0.7, 0.5, 0.4)[level - 1]), size)
    amount, top = 1 + int(rng.random() * (60 if size == 1 else 900)), (1 << 8 * size) - 1
    source = (looks.addr, looks.size) if looks else here
    goal, lines, rule = _MAKERS[kind](_Own(rng, kind, here, source, amount, looks))
    return Effect(
        kind=kind,
        name=entitled(rng, kind),
        goal=goal,
        m8=size == 1,
        x8=None,
        destroys="" if lines[0].text.startswith("inc ") else "A",
        lines=tuple(replace(step, note=vary(rng, step.note)) for step in lines),
        reads=(here, source) if looks else (here,),
        own=((here, edges(rng, size, amount, amount - 1, amount + 1)),),
        changes=lambda v: {here: rule(v) & top},
        sums=kind in {"add", "total"},
    )


def _on_value(rng: Random, kind: str, value: Place, seen: Sequence[int]) -> Effect:
    """Return an addition that changes a number of the host, and not all of those ``seen``."""
    least, *_, most_seen = sorted(set(seen))
    here, size = (value.addr, value.size), value.size
    top, at = (1 << 8 * size) - 1, operand(value.addr)
    told = f"{value.name} ({hex_address(value.addr)}, {8 * size} bits)"
    load, store = Step("", f"lda {at}", f"{value.name} as it is"), Step("", f"sta {at}", f"{value.name} as it shall be")
    lines: tuple[Step, ...]
    rule: Callable[[int], int]
    if kind == "bonus":
        amount = top - most_seen + 1 + int(rng.random() * (most_seen - least))
        lines = (
            load,
            Step("", "clc", "no carry into the sum"),
            Step("", f"adc {immediate(amount, size)}", "the bonus"),
            Step("", "bcc .fits", "no carry: it fits"),
            Step("", f"lda {immediate(top, size)}", "the largest value"),
            replace(store, label=".fits"),
        )
        goal = f"add {amount} to {told}, stopping at {immediate(top, size)[1:]} instead of wrapping"
        rule = lambda v: min(top, v + amount)  # noqa: E731
    else:
        most = kind == "cap"
        limit = least + (not most) + int(rng.random() * (most_seen - least))
        lines = (
            load,
            Step("", f"cmp {immediate(limit, size)}", f"against the {'most' if most else 'least'} allowed"),
            Step("", f"{'bcc' if most else 'bcs'} .done", f"{'below' if most else 'not below'} it: leave it alone"),
            Step("", f"lda {immediate(limit, size)}", "the limit itself"),
            store,
            _STOP,
        )
        goal = f"hold {told} at {'most' if most else 'least'} {immediate(limit, size)[1:]} (unsigned)"
        rule = (lambda v: min(v, limit)) if most else (lambda v: max(v, limit))
    return Effect(
        kind, entitled(rng, kind), goal, size == 1, None, "A", lines, (here,), (),
        lambda v: {here: rule(v[here])}, kind == "bonus",
    )  # fmt: skip


def _gated(rng: Random, effect: Effect, taken: list[tuple[int, int]]) -> Effect:
    """Return ``effect`` under the condition that a switch in memory is not 0."""
    size = 1 if effect.m8 else 2
    gate = (draw_address(rng, taken, size, low=rng.random() < 0.6), size)
    first = (
        Step("", f"lda {operand(gate[0])}", "the switch"),
        Step("", "beq .done", "0: nothing to do"),
    )
    body = effect.lines
    if not any(step.label == ".done" for step in body):
        body = (*body, _STOP)
    changes = effect.changes
    return replace(
        effect,
        goal=f"{effect.goal}, and that only while the switch at {place_words(gate)} is not 0",
        destroys="A",
        lines=(*first, *body),
        reads=(*effect.reads, gate),
        own=(*effect.own, (gate, (0, 1, (1 << 8 * size) - 1, 0, 1 << 8 * size - 1, 1))),
        changes=lambda v: changes(v) if v[gate] else {},
    )
