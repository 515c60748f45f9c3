"""Rounds: which tickets are issued next, decided only by what was settled when a round was complete.

Owns sizes, quotas and draws. Never makes an item, never knows the time or how many workers there are: that is why
the same plan gives the same tickets whatever was fast, slow or killed.

At most ``AHEAD`` rounds are unfinished, so that work goes on while a round's last tickets are settled. A ticket that
is still open counts as if it were going to be accepted: no round ever holds a ticket that could become a surplus.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TypeVar

from agents.campaign.events import RunKind
from agents.campaign.recipe import TRIAL_STEP
from agents.campaign.values import value
from agents.training.picker import Tally, drawn, least_covered, shares
from agents.training.sample import Cell

ROUND = 256
"""Most tickets of a campaign's round. Part of what is generated, not a knob of speed."""
AHEAD = 2
PILOT_INDEXES = 1 << 20
"""A pilot's items are drawn from this many of each cell: not the first ones, and the same for every target."""
VARIANTS = 1 << 16
"""Phrasings are drawn from this many numbers; a domain folds them onto those that it has."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Goal:
    """What a run owes and how its tickets are drawn.

    ``total`` is accepted samples of a campaign, else tickets; ``budget`` is the most tickets that a campaign may
    issue, each domain its share of them; ``active`` turns to under-covered cells first; ``redistributes`` has the other
    domains make up for one that has no new items or no tickets left. Trials of one ``lot`` draw the same items, step by
    step, however many each has; without one, a run draws by its own name. ``round_size`` is the most tickets of a
    campaign's round. The items of domains that are ``shuffled`` are few, and come in a random order by themselves.
    """

    run: str
    kind: RunKind
    total: int
    seed: int
    weights: Mapping[str, float]
    budget: int
    active: bool
    redistributes: bool = False
    lot: str | None = None
    round_size: int = ROUND
    shuffled: frozenset[str] = frozenset()


@value
class Slot:
    """A place in a round: what item ``index`` of a cell will fill, in which phrasing."""

    domain: str
    cell: Cell
    index: int
    variant: int


@dataclass(frozen=True, slots=True)
class CellCount:
    """Tickets of one cell in one state, and the highest item index among them."""

    domain: str
    cell: Cell
    state: str
    tickets: int
    last_index: int


class Rounds:
    """The rounds of one run. Build it from what the ledger holds; then tell it of every ticket that is settled."""

    def __init__(
        self,
        goal: Goal,
        cells: Mapping[str, Sequence[Cell]],
        sizes: Iterable[int] = (),
        counts: Iterable[CellCount] = (),
        items: Iterable[str] = (),
        exhausted: Iterable[str] = (),
    ) -> None:
        self.goal = goal
        self._cells = cells
        self._quota = shares(goal.total, goal.weights)
        self._sizes = list(sizes)
        self._items = set(items)
        self._exhausted = set(exhausted)
        self._tallies = {(domain, cell): Tally() for domain in goal.weights for cell in cells[domain]}
        self._next = dict.fromkeys(self._tallies, 0)
        self._complete = 0
        self._in_round = 0
        self._barren = False
        for count in counts:
            self._restore(count)
        self._advance()
        self._issued_next = dict(self._next)
        self._picked: Counter[tuple[str, Cell]] = Counter()

    @property
    def issued(self) -> int:
        """Tickets of all rounds so far."""
        return sum(self._sizes)

    @property
    def is_barren(self) -> bool:
        """Whether no new item was found for the round that was due last, or none is left in any domain."""
        return self._barren or self._exhausted >= self.goal.weights.keys()

    def due(self) -> dict[str, int]:
        """Return the tickets of the round that must be planned now, by domain; empty when none must.

        Only where a round ends may the next one be planned: what is settled later must not change it.
        """
        if self._in_round or self._barren or len(self._sizes) >= self._complete + AHEAD:
            return {}
        return {domain: count for domain, count in self._wanted().items() if count}

    def slots(self, wanted: Mapping[str, int], trial: int) -> list[Slot]:
        """Return a slot for each wanted ticket; ``trial`` counts the draws of this round from 0."""
        slots: list[Slot] = []
        for domain in sorted(wanted):
            cells = self._pick(domain, wanted[domain], trial, offset=len(slots))
            slots += [self._slot(domain, cell, trial, self.issued + len(slots) + at) for at, cell in enumerate(cells)]
        return slots

    def admit(self, slot: Slot, item_id: str) -> bool:
        """Return whether the slot's item is new to the run, and remember it; a known one makes its cell less likely."""
        if item_id in self._items:
            self._picked[slot.domain, slot.cell] -= 1
            return False
        self._items.add(item_id)
        return True

    def close(self, slots: Sequence[Slot], exhausted: Iterable[str] = ()) -> None:
        """Take the admitted ``slots`` as the next round; without any, none is due until a round is complete.

        Where what ``exhausted`` domains owe is redistributed, the others may be due at once.
        """
        for slot in slots:
            key = slot.domain, slot.cell
            tally = self._tallies[key]
            self._tallies[key] = Tally(tally.accepted, tally.rejected, tally.open + 1)
            self._issued_next[key] = max(self._issued_next[key], slot.index + 1)
        self._next = dict(self._issued_next)
        self._picked.clear()
        newly = set(exhausted) - self._exhausted if self.goal.redistributes else set()
        self._exhausted |= newly
        self._barren = not slots and not newly
        if slots:
            self._sizes.append(len(slots))

    def shuffled(self, entries: Sequence[T]) -> list[T]:
        """Return the entries of the next round in the order in which they are settled: no domain comes first."""
        order = list(entries)
        Random(f"{self.goal.seed}/{self._lot}/order/{len(self._sizes)}").shuffle(order)  # noqa: S311 -- repeatable
        return order

    def settle(self, domain: str, cell: Cell, *, accepted: bool) -> None:
        """Count a ticket that was open as settled."""
        tally = self._tallies[domain, cell]
        self._tallies[domain, cell] = Tally(tally.accepted + accepted, tally.rejected + (not accepted), tally.open - 1)
        self._in_round += 1
        self._advance()

    def _advance(self) -> None:
        """Pass over the rounds that are complete; ``_in_round`` is what is settled of the first one that is not."""
        while self._complete < len(self._sizes) and self._in_round >= self._sizes[self._complete]:
            self._in_round -= self._sizes[self._complete]
            self._complete += 1
            self._barren = False

    def lacking(self) -> dict[str, int]:
        """Return the accepted samples that each domain lacks of its share of the total."""
        lacking = dict(self._quota)
        for (domain, _), tally in self._tallies.items():
            lacking[domain] -= tally.accepted
        return {domain: count for domain, count in lacking.items() if count > 0}

    def _restore(self, count: CellCount) -> None:
        key = count.domain, count.cell
        tally = self._tallies.setdefault(key, Tally())
        if count.state == "open":
            tally = replace(tally, open=tally.open + count.tickets)
        elif count.state == "accepted":
            tally = replace(tally, accepted=tally.accepted + count.tickets)
        else:
            tally = replace(tally, rejected=tally.rejected + count.tickets)
        self._tallies[key] = tally
        self._next[key] = max(self._next.get(key, 0), count.last_index + 1)
        self._in_round += count.tickets if count.state != "open" else 0

    def _wanted(self) -> dict[str, int]:
        if self.goal.kind != "campaign":
            return self._wanted_of_pilot()
        owed = self._issuable()
        size = min(self.goal.round_size, sum(owed.values()), self.goal.budget - self.issued)
        return shares(size, owed) if size > 0 else {}

    def _issuable(self) -> dict[str, int]:
        """Return the tickets that each domain owes and may still issue; together never more than the run owes."""
        got, issued = dict.fromkeys(self.goal.weights, 0), dict.fromkeys(self.goal.weights, 0)
        for (domain, _), tally in self._tallies.items():
            got[domain] += tally.accepted + tally.open
            issued[domain] += tally.accepted + tally.open + tally.rejected
        quota = self._redistributed(got, issued) if self.goal.redistributes else self._quota
        owed = {
            domain: max(0, min(quota[domain] - got[domain], self._budget(quota[domain]) - issued[domain]))
            for domain in quota
        }
        return shares(min(sum(owed.values()), self.goal.total - sum(got.values())), owed)

    def _budget(self, quota: int) -> int:
        """Return the most tickets of a domain that owes ``quota`` samples."""
        return math.ceil(self.goal.budget * quota / self.goal.total)

    def _redistributed(self, got: Mapping[str, int], issued: Mapping[str, int]) -> dict[str, int]:
        """Return each domain's quota; what those lack that have no items or tickets left is shared by the others."""
        gone = set(self._exhausted)
        while True:
            live = {domain: weight for domain, weight in self.goal.weights.items() if domain not in gone}
            rest = self.goal.total - sum(got[domain] for domain in gone)
            quota = {domain: got[domain] for domain in gone} | (shares(rest, live) if live else {})
            spent = {
                domain
                for domain in live
                if got[domain] < quota[domain] and issued[domain] >= self._budget(quota[domain])
            }
            if not spent:
                return quota
            gone |= spent

    def _wanted_of_pilot(self) -> dict[str, int]:
        """Return what is left of each domain's quota; of a pilot that has grown that is a further round."""
        total = self.goal.total
        if self.goal.lot is not None:
            total = min(total, (self.issued // TRIAL_STEP + 1) * TRIAL_STEP)
        left = shares(total, self.goal.weights)
        for (domain, _), tally in self._tallies.items():
            left[domain] -= tally.accepted + tally.rejected + tally.open
        size = total - self.issued
        return shares(size, {domain: max(0, count) for domain, count in left.items()}) if size > 0 else {}

    def _pick(self, domain: str, count: int, trial: int, offset: int) -> list[Cell]:
        coverage = {
            cell: self._tallies[domain, cell].coverage + self._picked[domain, cell] for cell in self._cells[domain]
        }
        if self.goal.kind == "campaign" and self.goal.active:
            cells = least_covered(count, coverage)
        else:
            first = self.issued + offset
            cells = [drawn(self._random("cell", number, trial), coverage) for number in range(first, first + count)]
        for cell in cells:
            self._picked[domain, cell] += 2
        return cells

    def _slot(self, domain: str, cell: Cell, trial: int, number: int) -> Slot:
        rng = self._random("item", number, trial)
        variant = rng.randrange(VARIANTS)
        if self.goal.kind != "campaign" and domain not in self.goal.shuffled:
            return Slot(domain, cell, rng.randrange(PILOT_INDEXES), variant)
        index = self._next[domain, cell]
        self._next[domain, cell] += 1
        return Slot(domain, cell, index, variant)

    def _random(self, what: str, number: int, trial: int) -> Random:
        return Random(f"{self.goal.seed}/{self._lot}/{what}/{number}/{trial}")  # noqa: S311 -- repeatable

    @property
    def _lot(self) -> str:
        return self.goal.lot or self.goal.run
