"""Tails of growing logs, made safe for a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from agents.campaign.follower import Follower
from agents.campaign.logs import last_lines
from agents.campaign.printable import printable

LOOK_SECONDS = 0.5
LINE_BYTES = 1_024
"""Room for each of the last lines; where they are longer on average, fewer are shown."""


def tail(logs: Sequence[Path], lines: int, *, follow: bool, write: Callable[[str], object]) -> None:
    """Write the last ``lines`` of each log, then, with ``follow``, every new line until Ctrl-C."""
    followers = [Follower(log, log.stat().st_size if log.exists() else 0) for log in logs]
    for log in logs:
        for line in last_lines(log, lines, most_bytes=LINE_BYTES * lines) if lines else []:
            write(line)
    if not follow:
        return
    try:
        while True:
            for follower in followers:
                for line in follower.lines():
                    write(printable(line))
            time.sleep(LOOK_SECONDS)
    except KeyboardInterrupt:
        return
