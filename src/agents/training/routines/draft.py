"""The sheet on which a routine is drawn up: names, addresses, entry and exit code, instructions.

Owns the choices that every routine has in common. Never knows what a routine computes.

Facts: with D = 0 a direct-page operand names $00:0000-00FF; $00:0000-1FFF mirrors $7E:0000-1FFF; the stack of a call
ends at $1FFF, so places are given out from $0010-$00EF, $0200-$1EFF and $7E2000-$7FEFFF.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from types import MappingProxyType

from agents.training.phrases import pick, vary
from agents.training.routines import probes
from agents.training.routines.contract import Case, Line, Place, Routine, Value, hex_address
from agents.training.routines.names import Namer

NO_CARRY = "<no carry into the sum|ADC adds the carry too: it must be 0>"
NO_BORROW = "<no borrow into the difference|SBC needs the carry set: nothing is borrowed yet>"
"""Why CLC stands before a first ADC, and SEC before a first SBC."""

PROBES = 14
"""How many cases, not shown to anybody, a proof runs besides the shown ones."""
_IDLE_PROBES = 4
"""The same for a routine without inputs: only registers, flags and old contents differ."""
_UNIT = frozenset("23456")
_PUSH = {"A": "pha", "X": "phx", "Y": "phy"}
_PULL = {"A": "pla", "X": "plx", "Y": "ply"}


class Draft:
    """One routine in the making, at difficulty ``level`` (1 to 3); all its choices come from ``rng``.

    ``hidden`` is how many probes are drawn for proofs alone, after everything else.
    """

    def __init__(self, rng: Random, level: int, *, hidden: int = PROBES) -> None:
        self.rng = rng
        self._hidden = hidden
        self.level = level
        self.names = Namer(rng)
        self.symbolic = rng.random() < 0.4
        self.local = rng.random() < 0.5
        self.decimal = rng.random() < 0.3
        self.names_a = rng.random() < 0.5
        self.loop = ""
        self.far = rng.random() < (0.1, 0.25, 0.45)[level - 1]
        self.m8 = self.x8 = True
        self.keeps: tuple[str, ...] = ()
        self._symbols: list[tuple[str, int]] = []
        self._lines: list[Line] = []
        self._pending = ""
        self._undo: list[tuple[str, str]] = []
        self._used: list[tuple[int, int]] = []
        self._scratch: list[Place] = []
        self.entry = ""
        self.turn = 0

    # choices

    def pick(self, options: str) -> str:
        """Return one of the ``|``-separated options."""
        return pick(self.rng, options)

    def coin(self, chance: float = 0.5) -> bool:
        """Return true with probability ``chance``."""
        return self.rng.random() < chance

    def between(self, low: int, high: int) -> int:
        """Return an integer from ``low`` to ``high``, both included."""
        return low + int(self.rng.random() * (high - low + 1))

    def data(self, size: int, low: int = 0, high: int = 255) -> bytes:
        """Return ``size`` bytes drawn from ``low`` to ``high``."""
        roll, span = self.rng.random, high - low + 1
        return bytes([low + int(roll() * span) for _ in range(size)])

    # places

    def dp(self, roles: str, size: int, meaning: str, *, array: bool = False) -> Place:
        """Return a place in the direct page."""
        return self._place(roles, size, meaning, array, 0x10, 0xF0)

    def low(self, roles: str, size: int, meaning: str, *, array: bool = False) -> Place:
        """Return a place in the mirrored low WRAM, reached by a 16-bit address."""
        return self._place(roles, size, meaning, array, 0x200, 0x1F00)

    def near(self, roles: str, size: int, meaning: str, *, array: bool = False) -> Place:
        """Return a place in the direct page or in low WRAM."""
        return (self.dp if self.coin(0.4) else self.low)(roles, size, meaning, array=array)

    def far_place(self, roles: str, size: int, meaning: str, *, array: bool = False) -> Place:
        """Return a place in bank $7E or $7F, reached by a 24-bit address."""
        bank = 0x7E0000 if self.coin(0.6) else 0x7F0000
        return self._place(roles, size, meaning, array, bank + 0x2000, bank + 0xF000)

    def spare(self, roles: str, size: int, meaning: str = "scratch") -> Place:
        """Return a direct-page place the routine may destroy."""
        place = self.dp(roles, size, meaning)
        self._scratch.append(place)
        return place

    def fixed(self, name: str, addr: int, size: int, meaning: str) -> Place:
        """Return the place of a hardware register."""
        return Place(name, "mem", addr, size, meaning, hex_address(addr))

    def port(self, name: str, addr: int, size: int, meaning: str) -> Place:
        """Return what a port gets in ``size`` writes, low byte first."""
        return Place(name, name, addr, size, meaning, hex_address(addr))

    def reg(self, where: str, size: int, roles: str, meaning: str) -> Place:
        """Return a value in a register (``C`` with size 0: the carry flag)."""
        name = self.pick(roles)
        name = self.names.label(name) if " " in name else name
        return Place(name, where, 0, size, vary(self.rng, meaning))

    def operand(self, size: int, roles: str, meaning: str, chance: float = 0.5) -> Place:
        """Return a value that is either in A or in memory."""
        return self.reg("A", size, roles, meaning) if self.coin(chance) else self.near(roles, size, meaning)

    def _place(self, roles: str, size: int, meaning: str, array: bool, low: int, high: int) -> Place:
        name = self.names.name(roles)
        while True:
            addr = self.between(low, high - size)
            if all(addr + size <= start or addr >= end for start, end in self._used):
                break
        self._used.append((addr, addr + size))
        if self.symbolic:
            self._symbols.append((name, addr))
        ref = name if self.symbolic else hex_address(addr)
        return Place(name, "mem", addr, size, vary(self.rng, meaning), ref, array)

    def at(self, place: Place, offset: int) -> str:
        """Return the operand that names the byte ``offset`` bytes into ``place``."""
        if not offset:
            return place.ref
        if place.ref.startswith("$"):
            return f"${place.addr + offset:0{len(place.ref) - 1}X}"
        return f"{place.ref}{offset:+d}"

    def imm(self, value: int, size: int) -> str:
        """Return ``value`` as an immediate operand of ``size`` bytes."""
        return f"#{value}" if self.decimal else f"#${value:0{2 * size}X}"

    def bits(self, value: int, size: int) -> str:
        """Return ``value`` as an immediate operand of ``size`` bytes whose bits matter: in hexadecimal."""
        return f"#${value:0{2 * size}X}"

    def implied(self, op: str) -> str:
        """Return an instruction on the accumulator, with or without naming it."""
        return f"{op} a" if self.names_a else op

    # code

    def begin(
        self,
        roles: str,
        m8: bool | None = True,
        x8: bool | None = None,
        *,
        uses: str = "",
        fixed: str = "",
        flags: bool = False,
    ) -> None:
        """Open the routine: its name, the registers kept and the widths that its body needs.

        ``m8``/``x8``: width of A and of X/Y inside (None: not used). ``uses``: registers destroyed, of which some
        are kept. ``fixed``: ``m`` and ``x`` where a register carries a value in or out, so that the width at
        entry is the body's. ``flags``: the carry is a result, so PHP/PLP may not frame the body.
        """
        self.entry = self.names.entry(roles)
        self.m8 = self._entry_width(m8, "m" in fixed)
        self.x8 = self._entry_width(x8, "x" in fixed)
        self.mark(self.entry)
        chance = (0.15, 0.5, 0.8)[self.level - 1]
        self.keeps = tuple(register for register in uses if self.coin(chance))
        for register in self.keeps:
            self.op(_PUSH[register], f"save the caller's {register}")
            self._undo.append((_PULL[register], f"<give|hand> the caller's {register} back"))
        changes = [
            (flag, need) for flag, need, now in (("m", m8, self.m8), ("x", x8, self.x8)) if need not in (None, now)
        ]
        if changes:
            self._widths(changes, flags)

    def _entry_width(self, need: bool | None, fixed: bool) -> bool:
        if need is None:
            return self.coin()
        adapts = not fixed and self.coin((0.1, 0.45, 0.7)[self.level - 1])
        return self.coin() if adapts else need

    def _widths(self, changes: Sequence[tuple[str, bool | None]], flags: bool) -> None:
        saved = not flags and self.coin(0.6)
        if saved:
            self.op("php", "save the status register with <both width flags|the caller's widths>")
        down = sum({"m": 0x20, "x": 0x10}[flag] for flag, need in changes if need)
        up = sum({"m": 0x20, "x": 0x10}[flag] for flag, need in changes if not need)
        for mnemonic, mask in (("rep", up), ("sep", down)):
            if mask:
                bits = "16" if mnemonic == "rep" else "8"
                self.op(f"{mnemonic} #${mask:02X}", f"{_what(mask)} {bits} bits <wide|each>")
        if saved:
            self._undo.append(("plp", "restore the <status register|caller's widths>"))
            return
        for mnemonic, mask in (("rep", down), ("sep", up)):
            if mask:
                note = f"{_what(mask)} back to {'16' if mnemonic == 'rep' else '8'} bits for the caller"
                self._undo.append((f"{mnemonic} #${mask:02X}", note))

    def end(self) -> None:
        """Close the routine: undo the frame in reverse and return."""
        for text, note in reversed(self._undo):
            self.op(text, note)
        self.op(
            "rtl" if self.far else "rts",
            "return to the <caller|code that called>" + (", bank included" if self.far else ""),
        )

    def label(self, roles: str) -> str:
        """Return a new label for use inside the routine (local or global, as the routine's style is)."""
        name = self.names.label(roles)
        return f".{name}" if self.local else f"{self.entry}_{name}" if self.coin(0.3) else name

    def mark(self, label: str, *, loop: bool = False) -> None:
        """Define ``label`` here; ``loop`` makes it the head of the routine's main loop."""
        if self._pending:
            self._lines.append(Line(self._pending, "", "", ""))
        self._pending = label
        if loop:
            self.loop = label

    def op(self, text: str, note: str) -> None:
        """Add one instruction and the reason for it (alternatives in the reason are settled here).

        A switch of widths that is taken back at once is left out, and so is one right before PLP.
        """
        mnemonic, _, operand = text.partition(" ")
        last = self._lines[-1] if self._lines and not self._pending else None
        if last and not last.label and last.op in {"rep", "sep"}:
            if mnemonic == "plp":
                self._lines.pop()
            elif mnemonic in {"rep", "sep"} and mnemonic != last.op and operand == last.arg:
                self._lines.pop()
                return
        self._lines.append(Line(self._pending, mnemonic, operand, vary(self.rng, note)))
        self._pending = ""

    def fetch(self, place: Place) -> None:
        """Load ``place`` into A, unless it is there."""
        if place.in_memory:
            self.op(f"lda {place.ref}", f"<load|fetch|read> {place.name}<| into A>")

    def store(self, place: Place) -> None:
        """Store A to ``place``, unless it is A itself."""
        if place.in_memory:
            self.op(f"sta {place.ref}", f"<store|write|save> the result <to|in> {place.name}")

    def ops(self, *pairs: tuple[str, str]) -> None:
        """Add several instructions with their reasons."""
        for text, note in pairs:
            self.op(text, note)

    def table(self, label: str, data: Sequence[int], note: str, wide: bool = False) -> None:
        """Add a table of bytes (or words) after the code."""
        self.mark(label)
        digits = 4 if wide else 2
        for start in range(0, len(data), 8):
            row = ",".join(f"${value:0{digits}X}" for value in data[start : start + 8])
            self.op(f"{'dw' if wide else 'db'} {row}", note)

    # result

    def finish(
        self,
        noun: str,
        goal: str,
        plan: str,
        inputs: Sequence[Place],
        outputs: Sequence[Place],
        given: Sequence[Mapping[str, Value]],
        oracle: Callable[[Mapping[str, Value]], Mapping[str, Value]],
        rules: Sequence[str] = (),
        *,
        within: Mapping[str, probes.Span] = MappingProxyType({}),
        edges: Sequence[int] = (),
        shape: Callable[[dict[str, Value]], None] | None = None,
    ) -> Routine:
        """Return the routine; its cases are what ``oracle`` expects for each of ``given``.

        Its probes are drawn from all values of the inputs. ``within`` narrows numbers, or the bytes of arrays, by
        place name; ``edges`` are numbers and bytes worth trying; ``shape`` makes drawn values valid together, while
        ``turn`` is the number of the probe, from 0.
        """
        settled = vary(self.rng, goal), vary(self.rng, plan), tuple(vary(self.rng, rule) for rule in rules)
        further = []
        for turn in range(self._hidden if inputs else min(self._hidden, _IDLE_PROBES)):
            self.turn = turn
            values = probes.inputs(self.rng, inputs, within, edges, turn)
            if shape:
                shape(values)
            further.append(values)
        return Routine(
            noun=noun,
            theme=self.names.theme,
            label=self.entry,
            goal=settled[0],
            plan=settled[1],
            m8=self.m8,
            x8=self.x8,
            far=self.far,
            inputs=tuple(inputs),
            outputs=tuple(outputs),
            scratch=tuple(place for place in self._scratch if any(place.ref in line.arg for line in self._lines)),
            keeps=self.keeps,
            rules=settled[2],
            symbols=tuple(
                (name, addr) for name, addr in self._symbols if any(name in line.arg for line in self._lines)
            ),
            lines=tuple(self._lines),
            loop=self.loop,
            cases=tuple(Case(values, oracle(values)) for values in given),
            probes=tuple(Case(values, oracle(values)) for values in further),
            unit=any(line.arg.startswith("$420") and line.arg[4:5] in _UNIT for line in self._lines),
        )


def _what(mask: int) -> str:
    return {0x20: "A and memory", 0x10: "X and Y", 0x30: "A, X and Y"}[mask]
