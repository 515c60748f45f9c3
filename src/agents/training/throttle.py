"""How many calls of a teacher may be under way, and how closely they may follow each other.

Pure. Owns the window and the pace of one endpoint and model. Never reads a clock, sleeps or calls: the time is handed
in, in seconds of any clock, and one that goes back is taken to stand still.

The window is TCP's: a quick start, additive increase and multiplicative decrease (Jacobson 1988; Chiu and Jain 1989).
Where a provider counts calls per second or minute, a window alone runs into the limit again and again; so the rate that
was granted is learned at a refusal, and calls are spaced out a little below it.
"""

from __future__ import annotations

import math
from collections import deque

QUICK_WINDOW = 26
"""Calls under way in a quick start, before any has succeeded."""
QUICK_SECONDS = 0.3
"""In a quick start the window grows by one per success, but by no more than ``QUICK_WINDOW`` in this time, and slowly
at first: where answers come at once, few calls under way are many a second."""
CAREFUL_WINDOW = 4
"""Calls under way after a pause that did not help."""
SMALLER = 0.75
"""What a refusal leaves of a window that was full."""

SILENCE, SILENT_STEP = 0.025, 0.001
"""Seconds without any answer after which the window of a quick start grows by itself, and from one call to the next."""

COOL_DOWN = 1.0
"""Seconds from one decrease to the next, and from one increase to the next."""
STEP = 25
"""Successes from one increase to the next, at least."""
JUDGED, MANY = 16, 6
"""While no rate is known, as many refusals among so many ended calls are a limit, and fewer are chance."""
JUDGED_LONG = 128
"""Ended calls by which it is judged where some are known to be refused by chance."""
BEYOND_CHANCE = 4.0
"""Standard deviations by which refusals must exceed those that come by chance, where some are known to."""
LITTLE_CHANCE, MOST_CHANCE = 0.01, 0.4
"""Share of calls that may be taken to be refused by chance, at least and at most."""
SMALL_CHANCE = 0.05
"""Up to this share a rate that was lowered in vain is taken up again; beyond it, the refusals are not about any."""

FIRST_GAP = 0.0005
"""Seconds between calls until one has succeeded: a limit that is met by a burst refuses all the rest of it."""
GRANTED_WITHIN = 1.0
"""Seconds over which a granted rate is taken, at least."""
ON_THE_WAY = 0.02
"""Seconds that a call may take to be counted, longer than another one."""
BELOW = 0.97
"""Share of the granted rate at which calls are spaced out."""
LITTLE, MUCH = 0.95, 0.5
"""What is left of a known rate at a refusal, at most and at least."""
HIGHER = 1.025
"""A refusal before a lowered rate has grown by as much says that lowering it did not help."""
IN_VAIN = 5
"""Decreases in a row that did not help, after which they are taken back."""
FEW = 16
"""Calls granted within a second: what was learned from fewer may be far too low, and is searched upwards from."""
FINER = 4.0
"""By how much smaller the next increase is than the one that was refused."""
INCREASE, FIRST_INCREASE, MOST_INCREASE = 0.005, 0.16, 1.0
"""Shares by which a known rate grows: after a refusal, after it was found, and at most; each time twice as much."""
LEAST_RATE = 1 / 60
"""Calls per second below which no rate is learned."""
CATCH_UP = 0.025
"""Seconds by which a call may begin late without the next ones being later too."""

FIRST_PAUSE, MOST_PAUSE = 1.0, 60.0
"""Seconds without calls when none was granted since the last decrease; doubled each time until an increase."""
INSTANT = 1e-6
"""Seconds that are not worth waiting for."""


class Throttle:
    """The window and the pace of the calls to one endpoint and model.

    Whoever calls asks ``wait`` until it says 0, then says ``begin``, and ``succeed``, ``refuse`` or ``fail`` when the
    call has ended. ``most`` calls are under way at most. ``longest_pause``, in seconds, bounds what a provider may ask.
    """

    def __init__(self, most: int, now: float, longest_pause: float = 300.0) -> None:
        if most < 1:
            raise ValueError(f"{most} calls may be under way: give at least 1")
        self._most = most
        self._longest_pause = longest_pause
        self._now = now
        self._under_way = 0
        self._window = Window(most, now)
        self._pace = Pace(now)
        self._paused_until = now
        self._pause = FIRST_PAUSE
        self._decreased: float | None = None
        self._increased = now
        self._successes = 0  # since the last increase
        self._begun = 0  # since the last decrease
        self._is_closed = False  # no success since the last decrease
        self._was_full = False  # the window, since it last changed slowly

    @property
    def under_way(self) -> int:
        """Calls that have begun and not ended."""
        return self._under_way

    def wait(self, now: float) -> float:
        """Return 0 when a call may begin, else the seconds until asking is worth it; infinity: until a call ends."""
        self._see(now)
        if self._under_way >= self._window.calls and (left := self._window.wait(self._now)) > 0.0:
            return left
        left = max(self._pace.next, self._paused_until) - self._now
        return left if left > INSTANT else 0.0

    def begin(self, now: float) -> None:
        """Count a call that begins.

        Raises:
            ValueError: as many as may be are under way.
        """
        self._see(now)
        if self._under_way >= self._most:
            raise ValueError(f"{self._under_way} calls are under way: wait before you begin one")
        self._window.begin(self._now)
        self._under_way += 1
        self._begun += 1
        self._was_full = self._was_full or self._under_way >= self._window.calls
        self._pace.begin(self._now)

    def succeed(self, now: float) -> None:
        """Count a call that was answered, whatever the answer is worth."""
        self._end(now)
        self._is_closed = False
        self._successes += 1
        self._pace.succeed(self._now)
        if self._window.is_quick:
            self._window.grow_quickly(self._now)
        if self._decreased is None or self._successes < self._pace.step or self._now < self._increased + COOL_DOWN:
            return
        self._successes, self._increased, self._pause = 0, self._now, FIRST_PAUSE
        self._was_full = False
        self._window.grow()
        self._pace.grow(self._now)

    def refuse(self, now: float, retry_after: float | None) -> None:
        """Count a call that was refused because there were too many; ``retry_after`` is the pause, in seconds, it asks.

        What was begun before the last decrease says nothing new: it only corrects what was learned then.
        """
        self._end(now)
        self._pace.refuse(self._now)
        if retry_after is not None and retry_after > 0:
            self._hold(min(retry_after, self._longest_pause))
        if not self._is_news():
            self._pace.learn_late()
            return
        if self._is_closed or self._pace.is_shut:
            self._pace.keep()
            self._hold(self._pause)
            self._pause = min(2 * self._pause, MOST_PAUSE)
            self._window.begin_again(self._now)
        else:
            self._hold(self._pace.learn(self._now))
            self._window.shrink(was_full=self._was_full)
            if not self._pace.is_known:
                self._window.reopen(self._now)
        self._decreased = self._increased = self._now
        self._begun = self._successes = 0
        self._is_closed, self._was_full = True, False

    def fail(self, now: float) -> None:
        """Count a call that ended with a trouble that says nothing about the rate."""
        self._end(now)

    def _is_news(self) -> bool:
        if self._decreased is None:
            return self._pace.is_limited
        if self._begun == 0:
            return False
        if self._pace.is_shut or (self._is_closed and self._pace.is_limited):
            return True
        is_due = self._pace.is_known and self._pace.is_certain
        return self._now >= self._decreased + COOL_DOWN if is_due else self._pace.is_limited

    def _see(self, now: float) -> None:
        self._now = max(self._now, now)

    def _end(self, now: float) -> None:
        self._see(now)
        self._window.end()
        self._under_way = max(0, self._under_way - 1)

    def _hold(self, seconds: float) -> None:
        self._paused_until = max(self._paused_until, self._now + seconds)


class Window:
    """How many calls may be under way, from 1 to ``most``."""

    def __init__(self, most: int, now: float) -> None:
        self._most = most
        self._threshold = float(most)  # quick below it
        self._size = self._start = float(min(QUICK_WINDOW, most))
        self._started = now
        self._is_again = False  # what it starts towards has been reached before
        self._is_silent: bool | None = None  # no call has ended; None: none has begun

    @property
    def calls(self) -> int:
        """The window in whole calls."""
        return int(self._size)

    @property
    def is_quick(self) -> bool:
        """Whether each success makes it grow."""
        return self._size < self._threshold

    def begin(self, now: float) -> None:
        """Count the time from the first call on."""
        if self._is_silent is None:
            self._is_silent, self._started = True, now

    def end(self) -> None:
        """Grow by what comes back, from the first call that ends on."""
        self._is_silent = False

    def wait(self, now: float) -> float:
        """Return the seconds until a full window grows by itself, 0 when it has, infinity where it does not.

        While nothing at all comes back, a teacher is slow, and refuses nobody: those who refuse do so at once.
        """
        if not (self._is_silent and self.is_quick):
            return math.inf
        due = self._started + SILENCE + (self._size + 1 - self._start) * SILENT_STEP - now
        if due > INSTANT:
            return due
        self._size = min(self._size + 1, self._threshold)
        return 0.0

    def grow_quickly(self, now: float) -> None:
        """Grow for one success of a quick start."""
        allowed = self._start + QUICK_WINDOW * ((now - self._started) / QUICK_SECONDS) ** 2
        self._size = max(self._size, min(self._size + 1, self._threshold, allowed))

    def grow(self) -> None:
        """Grow by one."""
        self._size = min(self._size + 1, float(self._most))

    def shrink(self, *, was_full: bool) -> None:
        """End a quick start at a refusal; a window that was not full has not caused it."""
        reached = self._threshold if self._is_again and self.is_quick else self._size
        self._threshold = max(1.0, reached * SMALLER) if was_full else reached
        self._size = min(self._size, self._threshold)

    def reopen(self, now: float) -> None:
        """Grow quickly to the most: what made it smaller was no limit."""
        self._threshold = float(self._most)
        self._start, self._started = self._size, now

    def begin_again(self, now: float) -> None:
        """Start quickly anew from a few calls, to where the window is now or was to grow."""
        self._is_again = True
        self._threshold = max(self._threshold, self._size)
        self._size = self._start = min(self._size, float(CAREFUL_WINDOW))
        self._started = now


class Pace:
    """When the next call may begin, by the rate that was granted; none is known before refusals are many."""

    def __init__(self, now: float) -> None:
        self.next = now
        self._rate = math.inf
        self._lowest, self._highest = LEAST_RATE, math.inf
        self._is_tried = False  # a call has succeeded
        self._recent: deque[float] = deque()  # when the calls of the last second began
        self._ended: deque[bool] = deque(maxlen=JUDGED)  # whether they were refused
        self._judged: deque[bool] = deque(maxlen=JUDGED_LONG)  # the same of more calls
        self._since = now  # the last decrease
        self._begun = self._refused = 0  # since then
        self._held = 0.0  # the rate before the last increase since then
        self._granted, self._within = 0, GRANTED_WITHIN  # before it
        self._lowered = 0.0  # the rate after the last decrease
        self._in_vain = 0
        self._begun_in_vain = self._refused_in_vain = 0
        self._before = math.inf  # the rate before these decreases
        self._chance = 0.0  # share of calls that are refused at any rate
        self._increase = INCREASE
        self._is_first = False  # what is known was learned when nothing was
        self._is_searched = False  # it is far from certain, and grows by leaps

    @property
    def is_known(self) -> bool:
        """Whether calls are spaced out."""
        return self._rate < math.inf

    @property
    def is_limited(self) -> bool:
        """Whether refusals are too many to be chance."""
        if self._chance == 0.0:
            return sum(self._ended) >= MANY
        expected = len(self._judged) * self._chance
        bar = expected + BEYOND_CHANCE * math.sqrt(expected * (1 - self._chance))
        return sum(self._judged) >= max(MANY, bar)

    @property
    def is_certain(self) -> bool:
        """Whether even a single refusal is about the rate."""
        return self._chance == 0.0

    @property
    def step(self) -> int:
        """Successes from one increase to the next, at least."""
        is_quick = self._is_searched and self.is_known
        return min(STEP, math.ceil(self._rate * COOL_DOWN)) if is_quick else STEP

    @property
    def is_shut(self) -> bool:
        """Whether none of the last calls was granted, those left out that ended before the last decrease."""
        return sum(self._ended) == JUDGED

    def begin(self, now: float) -> None:
        """Space the next call out from one that begins."""
        self._forget(now)
        self._recent.append(now)
        self._since = self._since if self._begun else now
        self._begun += 1
        if self.is_known:
            self.next = max(self.next, now - CATCH_UP) + 1 / self._rate
        elif not self._is_tried:
            self.next = now + FIRST_GAP

    def succeed(self, now: float) -> None:
        """Count a success; after the first, calls are no longer spaced out just to try."""
        self._ended.append(False)
        self._judged.append(False)
        if not self._is_tried:
            self._is_tried, self.next = True, now

    def refuse(self, now: float) -> None:
        """Count a refusal."""
        self._ended.append(True)
        self._judged.append(True)
        self._refused += 1
        self.next = max(self.next, now + FIRST_GAP)

    def grow(self, now: float) -> None:
        """Raise a known rate, by more each time, but to no more than twice what is used of it."""
        self._forget(now)
        if self.is_known:
            used = 2.0 * (len(self._recent) + 1)
            higher = min(self._rate * (1 + self._increase), max(self._rate, used))
            self._held = self._rate if higher > self._rate else self._held
            self._fix(higher)
            self._increase = min(2 * self._increase, MOST_INCREASE)

    def learn(self, now: float) -> float:
        """Learn from the refusals so far; return the seconds until a burst that was granted is too old to count."""
        self._forget(now)
        pause = 0.0
        if self.is_known:
            self._count_in_vain()
            self._granted, self._within = self._begun - self._refused, max(GRANTED_WITHIN, now - self._since)
            self._lowest, self._highest = MUCH * self._rate, LITTLE * self._rate
            self._increase = INCREASE
            if self._held:
                if self._is_searched:
                    self._increase = max(INCREASE, (self._rate / self._held - 1) / FINER)
                self._fix(min(self._held, LITTLE * self._rate))
            self._is_searched = self._increase > INCREASE
            self._is_first = False
        else:
            self._granted, self._within = len(self._recent) - sum(self._ended), GRANTED_WITHIN
            self._lowest, self._highest = LEAST_RATE, math.inf
            self._is_first = True
            pause = max(0.0, self._recent[0] + GRANTED_WITHIN + ON_THE_WAY - now) if self._recent else 0.0
        self._begun, self._refused, self._held = 0, 0, 0.0
        self._settle()
        if self._in_vain == IN_VAIN:
            self._undo()
        self._lowered = self._rate if self.is_known else 0.0
        self._ended.clear()
        self._judged.clear()
        self.next = now + 1 / self._rate
        return pause

    def _count_in_vain(self) -> None:
        """Count a decrease that follows one which did not help; one that helped makes chance less likely."""
        if self._rate < HIGHER * self._lowered:
            self._before = self._before if self._in_vain else self._rate
            self._in_vain += 1
            self._begun_in_vain += self._begun
            self._refused_in_vain += self._refused
        else:
            self._in_vain = self._begun_in_vain = self._refused_in_vain = 0
            self._chance = self._chance / 2 if self._chance > LITTLE_CHANCE else 0.0

    def _undo(self) -> None:
        """Take back the decreases that did not help, and learn how many calls are refused by chance, if many are."""
        share = _share(self._refused_in_vain, self._begun_in_vain)
        if share > SMALL_CHANCE:
            self._chance = min(MOST_CHANCE, share)
            self._fix(math.inf)
        else:
            self._fix(self._before)
        self._in_vain = self._begun_in_vain = self._refused_in_vain = 0

    def keep(self) -> None:
        """Let what is known stand: nothing at all is granted, at whatever rate."""
        self._fix(self._rate)
        self._ended.clear()
        self._judged.clear()
        self._in_vain = self._begun_in_vain = self._refused_in_vain = 0

    def learn_late(self) -> None:
        """Take a call that is refused after all from those that were granted before the last decrease."""
        self._granted -= 1
        self._settle()

    def _settle(self) -> None:
        if self._is_first and self._lowest < self._highest:
            self._is_searched = self._granted < FEW
            self._increase = MOST_INCREASE if self._is_searched else FIRST_INCREASE
        granted = BELOW * self._granted / self._within if self._granted > 0 else math.inf
        self._rate = min(max(granted, self._lowest), self._highest)

    def _fix(self, rate: float) -> None:
        self._rate = self._lowest = self._highest = rate

    def _forget(self, now: float) -> None:
        while self._recent and self._recent[0] <= now - GRANTED_WITHIN:
            self._recent.popleft()


def _share(refused: int, begun: int) -> float:
    """Return the share of calls that were refused, one standard error above what was seen."""
    share = min(1.0, refused / begun)
    return share + math.sqrt(share * (1 - share) / begun)
