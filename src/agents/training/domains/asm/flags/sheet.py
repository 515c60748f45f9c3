"""The sheet on which a straight sequence is drawn up: widths, numbers near the edges, a word in memory.

Owns the choices that all families have in common. Never knows a family, and never runs anything.
"""

from __future__ import annotations

from random import Random

from agents.training.domains.asm.flags.sequence import Sequence
from agents.training.phrases import pick
from agents.training.w65816 import Registers


class Sheet:
    """A sequence in the making. ``m8`` and ``x8`` follow REP and SEP."""

    def __init__(self, rng: Random, level: int) -> None:
        self.rng = rng
        self.level = level
        wide = 0.0 if level == 1 else 0.5
        self.start_m8 = self.m8 = rng.random() >= wide
        self.start_x8 = self.x8 = rng.random() >= wide
        self.upper = rng.random() < 0.5
        self.named = rng.random() < 0.5
        self.address = self.between(0x10, 0xEE) if rng.random() < 0.5 else self.between(0x0200, 0x1EFE)
        self.word = 0
        self.whole = False
        self.used = False
        self.lines: list[str] = []

    def between(self, low: int, high: int) -> int:
        """Return an integer from ``low`` to ``high``, both included."""
        return low + int(self.rng.random() * (high - low + 1))

    def coin(self, chance: float = 0.5) -> bool:
        """Return true with probability ``chance``."""
        return self.rng.random() < chance

    def pick(self, options: str) -> str:
        """Return one of the ``|``-separated options."""
        return pick(self.rng, options)

    def bits(self, index: bool = False) -> int:
        """Return the width of A, or of X and Y, at this place."""
        return 8 if (self.x8 if index else self.m8) else 16

    def edge(self, bits: int, about: int | None = None) -> int:
        """Return a number of ``bits`` bits that is likely to meet a limit, by itself or together with ``about``."""
        top, half = (1 << bits) - 1, 1 << (bits - 1)
        near = (0, 1, half - 1, half, half + 1, top, top - 1)[self.between(0, 6)]
        roll = self.rng.random()
        if about is not None and roll < 0.6:
            return (near - about + self.between(-1, 1)) & top
        return near if roll < 0.75 else self.between(0, top)

    def decimal(self, bits: int) -> int:
        """Return a packed decimal number of ``bits`` bits, rather often 0, 1 or all nines."""
        digits = bits // 4
        value = (0, 1, 10**digits - 1, 10**digits // 2)[self.between(0, 3)]
        return int(str(value if self.coin(0.3) else self.between(0, 10**digits - 1)), 16)

    def put(self, op: str, arg: str = "") -> None:
        """Add one instruction."""
        self.lines.append(f"{op.upper() if self.upper else op} {arg}".rstrip())

    def on_a(self, op: str) -> None:
        """Add an instruction on the accumulator, with or without naming it."""
        self.put(op, ("A" if self.upper else "a") if self.named else "")

    def immediate(self, op: str, value: int, index: bool = False) -> None:
        """Add an instruction with an immediate operand as wide as the register."""
        self.put(op, f"#${value:0{self.bits(index) // 4}X}")

    def place(self) -> str:
        """Return the operand of the word in memory, which the state before the code then shows."""
        self.used = True
        return f"${self.address:02X}" if self.address < 0x100 else f"${self.address:04X}"

    def operand(self, op: str, value: int, chance: float = 0.35) -> None:
        """Add ``op`` on ``value``: immediate, or once per sequence in memory."""
        if self.used or not self.coin(chance):
            self.immediate(op, value)
            return
        self.word = value if self.bits() == 16 else value | self.between(0, 255) << 8
        self.put(op, self.place())

    def switch(self) -> None:
        """Change the width of the accumulator."""
        self.m8 = not self.m8
        self.put("sep" if self.m8 else "rep", "#$20")

    def finish(self) -> Sequence:
        """Return the sequence; registers that the code does not set hold edges, flags are drawn."""
        roll = self.between
        hidden = self.whole or self.level == 3
        a = self.edge(16 if not self.start_m8 else 8)
        x, y = (self.edge(8 if self.start_x8 else 16) for _ in range(2))
        if self.start_m8 and hidden:
            a |= roll(0, 255) << 8
        p = (0x20 if self.start_m8 else 0) | (0x10 if self.start_x8 else 0)
        p |= sum(bit for bit in (0x80, 0x40, 0x02, 0x01) if self.coin())
        start = Registers(a=a, x=x, y=y, p=p if p & 0x82 != 0x82 else p ^ 0x02)
        return Sequence(start, self.address if self.used else 0, self.word, tuple(self.lines), hidden)


def load_edge(s: Sheet) -> int:
    """Add a load of A with a number that is likely to meet a limit, and return it."""
    value = s.edge(s.bits())
    s.immediate("lda", value)
    return value
