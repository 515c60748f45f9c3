"""Choices by table and meetings of boxes: jump tables, state machines, hit boxes.

Facts: JMP (a,x) and JSR (a,x) read the target from the program bank, two bytes per entry (WDC W65C816S datasheet,
section 3.5.6 and table 5-7).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from agents.training.routines.contract import Place, Routine, Value, number
from agents.training.routines.draft import NO_BORROW, NO_CARRY, Draft

_HANDLERS: dict[str, tuple[str, str, Callable[[int], int]]] = {
    "double": ("asl", "twice the value", lambda v: v * 2),
    "halve": ("lsr", "half the value", lambda v: v >> 1),
    "invert": ("eor #$FF", "every bit flipped", lambda v: v ^ 255),
    "raise": ("inc", "one more", lambda v: v + 1),
    "lower": ("dec", "one less", lambda v: v - 1),
    "clear": ("stz", "set to 0", lambda v: 0),
    "mask": ("and #$0F", "only the low nibble", lambda v: v & 15),
    "mark": ("ora #$80", "bit 7 set", lambda v: v | 128),
}


def jump_table(d: Draft) -> Routine:
    """Run one of several handlers, chosen by a state."""
    count = d.between(2, 2 + d.level)
    guard = d.level == 3 or d.coin(0.3)
    calling = d.coin()
    kinds = list(_HANDLERS)
    d.rng.shuffle(kinds)
    kinds = kinds[:count]
    state = d.near("state|mode|phase|action", 1, f"the number of the handler, 0-{count - 1}")
    value = d.near("value|power|counter|level", 1, "the byte to work on")
    d.begin("dispatch|run state|handle|act on", True, True, uses="AX", fixed="m" if calling else "")
    table, done = d.label("table|handlers|jumps|targets"), d.label("done|out|finish|back")
    labels = [d.label(f"{kind}|do {kind}|h {kind}") for kind in kinds]
    d.op(f"lda {state.ref}", f"<load|fetch> {state.name}")
    if guard:
        d.ops(
            (f"cmp {d.imm(count, 1)}", f"is there such a handler? There are {count}"),
            (f"bcs {done}", "no: leave the value alone"),
        )
    d.ops((d.implied("asl"), "two bytes per entry"), ("tax", "X = offset in the table"))
    if calling:
        d.op(f"jsr ({table},x)", "call the handler; its RTS comes back here")
        d.mark(done)
        d.end()
    else:
        d.op(f"jmp ({table},x)", "go to the handler; all of them meet again at the end")
    for at, (kind, label) in enumerate(zip(kinds, labels, strict=True)):
        text, note, _ = _HANDLERS[kind]
        d.mark(label)
        if kind == "clear":
            d.op(f"stz {value.ref}", f"handler {at}: the value becomes 0")
        else:
            d.ops(
                (f"lda {value.ref}", f"handler {at}: the value"),
                (d.implied(text) if len(text) == 3 else text, note),
                (f"sta {value.ref}", "<store|put> it back"),
            )
        if calling:
            d.op("rts", "back to the dispatcher, always near")
        elif at < count - 1:
            d.op(f"bra {done}", "to the common end")
    if not calling:
        d.mark(done)
        d.end()
    d.mark(table)
    d.op(f"dw {','.join(labels)}", "the handlers in order of their numbers")

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        which, now = number(g, state.name), number(g, value.name)
        return {value.name: _HANDLERS[kinds[which]][2](now) & 255 if which < count else now}

    pairs = [(which, d.between(1, 254)) for which in range(min(count, 4))]
    pairs += [(count, 77)] if guard else [(0, 255)]
    listed = ", ".join(f"{at}: {_HANDLERS[kind][1]}" for at, kind in enumerate(kinds))
    return d.finish(
        "jump_table",
        f"Run handler {state.name} on the byte {value.name}, through a jump table ({listed}).",
        f"The number is doubled, because an entry is a 16-bit address, and {'JSR' if calling else 'JMP'} (table,x) "
        "fetches "
        f"the target. "
        + (
            "As a call, it lets every handler end with RTS."
            if calling
            else "As a jump, it leaves nothing on the stack."
        )
        + (" The number is checked first: a jump through a wrong entry runs wild." if guard else ""),
        [state, value],
        [value],
        [{state.name: a, value.name: b} for a, b in pairs],
        oracle,
        [f"handlers: {listed}", *([f"{state.name} of {count} or more changes nothing"] if guard else [])],
        within={state.name: (0, 255 if guard else count - 1)},
        edges=(count, count + 1, 255),
        shape=lambda g: g.update({state.name: d.turn % count} if d.turn % 7 < 6 else {}),
    )


def next_state(d: Draft) -> Routine:
    """Advance a state machine by a table of transitions."""
    states, events = d.between(2, 2 + d.level), int(d.pick("2|4"))
    shifts = events.bit_length() - 1
    table_data = [d.between(0, states - 1) for _ in range(states * events)]
    state = d.near("state|mode|phase|stage", 1, f"the state, 0-{states - 1}")
    event = d.operand(1, "event|input|signal|trigger", f"what happened, 0-{events - 1}", 0.35)
    counting = d.level > 1 and d.coin()
    changes = d.near("changes|switches|steps|moves", 1, "goes up by 1 when the state changes")
    regs = event.where == "A"
    d.begin("next state|transition|advance|react", True, True, fixed="m" if regs else "", uses="AX")
    table, same = d.label("table|rules|transitions|successors"), d.label("same|store|no change|keep")
    held = d.spare("offset|row|sum|index", 1, "part of the offset")
    if regs:
        d.op(f"sta {held.ref}", "keep the event")
    d.op(f"lda {state.ref}", f"<load|fetch> {state.name}")
    for turn in range(shifts):
        d.op(d.implied("asl"), f"times {2 << turn}: a state has {events} entries" if turn == shifts - 1 else "times 2")
    operand = held.ref if regs else event.ref
    joined = (f"ora {operand}", "the event fits below: OR adds it")
    d.ops(joined) if d.coin() else d.ops(("clc", NO_CARRY), (f"adc {operand}", "plus the event"))
    d.ops(("tax", "X = offset of the entry"), (f"lda {table},x", "the next state"))
    if counting:
        d.ops(
            (f"cmp {state.ref}", "is it another one?"),
            (f"beq {same}", "no"),
            (f"inc {changes.ref}", "yes: count the change"),
        )
        d.mark(same)
    d.op(f"sta {state.ref}", "becomes the state")
    d.end()
    d.table(table, table_data, f"{events} successors for each state")

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        now = number(g, state.name)
        after = table_data[now * events + number(g, event.name)]
        found: dict[str, Value] = {state.name: after}
        return found | {changes.name: number(g, changes.name) + (after != now) & 255} if counting else found

    rows = "; ".join(
        f"{at}: {' '.join(str(entry) for entry in table_data[at * events : at * events + events])}"
        for at in range(states)
    )
    pairs = [(d.between(0, states - 1), d.between(0, events - 1)) for _ in range(3)] + [
        (0, 0),
        (states - 1, events - 1),
    ]
    given: list[dict[str, Value]] = [{state.name: a, event.name: b} for a, b in pairs]
    if counting:
        for at, values in enumerate(given):
            values[changes.name] = 255 if at == 1 else d.between(0, 200)
    return d.finish(
        "next_state",
        f"Replace {state.name} by its successor for the event {'in A' if regs else event.name}, from a table of "
        f"{states} states and {events} "
        "events" + (f", and count real changes in {changes.name}." if counting else "."),
        f"The table has {events} bytes per state, so the entry is at state * {events} + event: "
        f"{'one shift' if shifts == 1 else 'two shifts'} and an OR or an addition, then an indexed load.",
        [state, event, changes] if counting else [state, event],
        [state, changes] if counting else [state],
        given,
        oracle,
        [f"successors by state, one per event: {rows}"],
        within={state.name: (0, states - 1), event.name: (0, events - 1)},
    )


def boxes_overlap(d: Draft) -> Routine:
    """Whether two rectangles touch."""
    names = ("x", "y") if d.level > 1 or d.coin() else ("x",)
    size = {axis: d.between(8, 32) for axis in names}
    other = {axis: d.between(8, 32) for axis in names}
    mine = {axis: d.near(f"{axis}|pos {axis}|my {axis}", 1, f"{axis} of the first box, 0-191") for axis in names}
    theirs = {
        axis: d.near(f"enemy {axis}|other {axis}|hit {axis}", 1, f"{axis} of the second box, 0-191") for axis in names
    }
    dest = d.near("hit|touch|overlap|collided", 1, "1 if the boxes overlap, else 0")
    d.begin("hit|collide|overlap|boxes", True, uses="A")
    out = d.label("apart|no hit|miss|done")
    style = d.coin()
    d.op(f"stz {dest.ref}", "assume that they are apart")
    for axis in names:
        a, b = mine[axis], theirs[axis]
        if style:
            d.ops(
                (f"lda {a.ref}", f"<load|fetch> {a.name}"),
                ("clc", NO_CARRY),
                (f"adc {d.imm(size[axis], 1)}", f"the far edge of the first box, {size[axis]} on"),
                (f"cmp {b.ref}", "against the near edge of the second"),
                (f"bcc {out}", "it ends before: apart"),
                (f"beq {out}", "it ends right there: they only touch"),
                (f"lda {b.ref}", f"<load|fetch> {b.name}"),
                ("clc", NO_CARRY),
                (f"adc {d.imm(other[axis], 1)}", f"the far edge of the second box, {other[axis]} on"),
                (f"cmp {a.ref}", "against the near edge of the first"),
                (f"bcc {out}", "it ends before: apart"),
                (f"beq {out}", "it ends right there: they only touch"),
            )
        else:
            reach = size[axis] + other[axis] - 1
            d.ops(
                (f"lda {a.ref}", f"<load|fetch> {a.name}"),
                ("sec", NO_BORROW),
                (f"sbc {b.ref}", "the signed distance of the near edges"),
                ("clc", NO_CARRY),
                (
                    f"adc {d.imm(size[axis] - 1, 1)}",
                    f"moved up by {size[axis] - 1}, so that an overlap gives 0-{reach - 1}",
                ),
                (f"cmp {d.imm(reach, 1)}", "one unsigned compare for both sides"),
                (f"bcs {out}", "outside: apart"),
            )
    d.op(f"inc {dest.ref}", "no gap on any axis: they overlap")
    d.mark(out)
    d.end()

    def oracle(g: Mapping[str, Value]) -> Mapping[str, Value]:
        apart = False
        for axis in names:
            a, b = number(g, mine[axis].name), number(g, theirs[axis].name)
            apart = apart or a + size[axis] <= b or b + other[axis] <= a
        return {dest.name: int(not apart)}

    def placed(*gaps: int) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for axis, gap in zip(names, gaps, strict=False):
            at = d.between(60, 120)
            reach = (0, size[axis] - 1, size[axis], -(other[axis] - 1), -other[axis], d.between(-8, 8), 70, -60)[gap]
            found |= {mine[axis].name: at, theirs[axis].name: at + reach}
        return found

    def drawn(g: dict[str, Value]) -> None:
        if d.turn < 16:
            gaps = [int(d.pick("0|5")) for _ in names]
            gaps[d.turn // 4 % len(names)] = 1 + (d.turn + d.turn // 8) % 4
            g.update(placed(*gaps))
        elif d.coin(0.85):
            g.update(placed(*(d.between(0, 7) for _ in names)))

    sizes = (
        f"{' x '.join(str(size[axis]) for axis in names)} and {' x '.join(str(other[axis]) for axis in names)} pixels"
    )
    where = [place for axis in names for place in (mine[axis], theirs[axis])]
    return d.finish(
        "boxes_overlap",
        f"Store 1 in {dest.name} if the two boxes overlap, else 0. {_corners(mine, theirs)}, and their sizes are "
        f"{sizes}.",
        "Boxes overlap when they do on "
        + ("both axes" if len(names) > 1 else "this one axis")
        + (
            "; each axis asks twice whether one ends before the other begins."
            if style
            else "; a shift by the size turns the test of an axis into one unsigned compare."
        ),
        where,
        [dest],
        [placed(5, 5), placed(2, 0), placed(0, 4), placed(1, 3), placed(6, 5), placed(4, 1)],
        oracle,
        [f"sizes: {sizes}", "boxes that only touch do not overlap", "no position is above 191"],
        within={place.name: (0, 191) for place in where},
        shape=drawn,
    )


def _corners(mine: Mapping[str, Place], theirs: Mapping[str, Place]) -> str:
    """Return where the two boxes are, in words."""
    first, second = (", ".join(place.name for place in box.values()) for box in (mine, theirs))
    if len(mine) > 1:
        return f"Their upper left corners are ({first}) and ({second})"
    return f"Their left edges are {first} and {second}"
