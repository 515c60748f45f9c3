"""What a pilot showed: acceptance, and what a ticket of it took of tokens, money and time."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from agents.campaign.betting import Stratum, bounds
from agents.campaign.forecast.ranges import SPREAD, Range

HOUR_SECONDS = 3_600.0


@dataclass(frozen=True, slots=True)
class Call:
    """One request that came to an end: its ticket, its moments in seconds, and what it took where that is known.

    ``charged`` is what it counts for against a cap on money: its cost, or what was reserved where nobody told that.
    ``of_judge`` tells calls of a judge from those of the teacher.
    """

    ticket: int
    began: float
    ended: float
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost: float | None = None
    charged: float | None = None
    of_judge: bool = False

    @property
    def seconds(self) -> float:
        """How long it lasted; a clock that was set back makes that 0."""
        return max(0.0, self.ended - self.began)


@dataclass(frozen=True, slots=True)
class Pilot:
    """Whether each settled ticket was accepted, by domain; the calls, and how many seconds went by before the first."""

    accepted: Mapping[str, Sequence[bool]]
    calls: Sequence[Call] = ()
    startup: float = 0.0

    @property
    def tickets(self) -> int:
        """How many tickets were settled."""
        return sum(map(len, self.accepted.values()))

    @property
    def calls_per_ticket(self) -> float:
        """How many requests to the teacher a ticket takes."""
        return sum(not call.of_judge for call in self.calls) / self.tickets

    def acceptance(self, domain: str, level: float) -> Range:
        """Return the acceptance of ``domain`` between its confidence bounds, each at ``level``."""
        accepted = self.accepted[domain]
        lower, upper = bounds([Stratum.of(1.0, [float(one) for one in accepted])], level)
        return Range(lower, sum(accepted) / len(accepted), upper)

    def per_ticket(self, name: str) -> Range | None:
        """Return what a ticket takes of that field of its calls: the mean, and ``SPREAD`` standard errors around it.

        None where there is a call that does not tell.
        """
        return self._per_ticket(attrgetter(name))

    def charged_per_ticket(self) -> Range | None:
        """Return what a ticket counts for against a cap on money.

        The low end supposes that every answer whose cost nobody told costs nothing: another time it may be told. None
        where there is a call that nothing was reserved for either.
        """
        known, charged = self._per_ticket(lambda call: call.cost or 0.0), self.per_ticket("charged")
        return known and charged and Range(min(known.low, charged.low), charged.expected, charged.high)

    def hours_per_ticket(self, at_once: int) -> Range | None:
        """Return the pace of a campaign with ``at_once`` requests under way at a time.

        A pilot is short: much of it is the filling and the emptying of its queue. The low end is a queue that is always
        full, of requests as long as the pilot's; the high end is the pilot's own pace, start-up included. The expected
        value is halfway: what a short pilot shows does not tell which one it will be.
        """
        seconds = self._per_ticket(attrgetter("seconds"))
        if seconds is None:
            return None
        low = seconds.low / at_once
        high = max((self.startup + self._busy()) / self.tickets, seconds.high / at_once)
        return Range(low / HOUR_SECONDS, (low + high) / 2 / HOUR_SECONDS, high / HOUR_SECONDS)

    def _per_ticket(self, of: Callable[[Call], float | None]) -> Range | None:
        taken = dict.fromkeys((call.ticket for call in self.calls), 0.0)
        for call in self.calls:
            if (value := of(call)) is None:
                return None
            taken[call.ticket] += value
        if not taken:
            return None
        mean = statistics.fmean(taken.values())
        error = SPREAD * statistics.stdev(taken.values()) / math.sqrt(len(taken)) if len(taken) > 1 else mean
        return Range(max(0.0, mean - error), mean, mean + error)

    def _busy(self) -> float:
        """Return for how many seconds at least one call was under way: breaks do not count."""
        busy, until = 0.0, -math.inf
        for call in sorted(self.calls, key=attrgetter("began")):
            busy += max(0.0, call.ended - max(call.began, until))
            until = max(until, call.ended)
        return busy
