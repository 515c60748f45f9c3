"""What watching costs: an idle look at a 1 GB log, new lines, the start of the command line, an agent's memory.

``python benchmarks/watch.py`` prints one line for each figure. It writes 1 GB to a temporary folder.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from agents.autonomous.pilot_quality_monitor import PilotQualityMonitor
from agents.campaign.home import Home

LOG_BYTES = 1 << 30
PLAIN = b"2025-12-21 06:50:15 [worker 7] DEBUG: connection open, batch of 16 tokens sent to the model\n"
MISLEADING = b"2025-12-21 06:50:15 [worker 7] DEBUG: connection accepted, batch of 16 tokens sent to the model\n"
NOISE = 9 * PLAIN + MISLEADING
NEW_LINES = b"".join(b"quality_score=0.8\nProgress: %d/190\n" % done for done in range(1, 191))


def seconds(work: Callable[[], object], times: int) -> float:
    """Return the median seconds of ``times`` runs."""
    spans = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        spans.append(time.perf_counter() - begun)
    return statistics.median(spans)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        home.training.mkdir(parents=True)
        with home.pilot_log.open("wb") as log:
            block = NOISE * (1 + (1 << 20) // len(NOISE))
            for _ in range(LOG_BYTES // len(block) + 1):
                log.write(block)
        monitor = PilotQualityMonitor(home=home)
        reader = monitor._log_reader
        first = seconds(reader.read, 1)
        print(f"first read of {home.pilot_log.stat().st_size / 1e9:.2f} GB: {first:.1f} s")
        print(f"idle read of the log: {1e6 * seconds(reader.read, 1000):.1f} us")
        print(f"idle look, status file synced: {1e3 * seconds(monitor.look, 50):.2f} ms")
        with home.pilot_log.open("ab") as log:
            log.write(NEW_LINES)
        print(f"look at {len(NEW_LINES)} new bytes: {1e3 * seconds(monitor.look, 1):.2f} ms")
    print(f"peak memory of the agent: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    help_line = [sys.executable, "-m", "agents", "--help"]
    quiet = {"stdout": subprocess.DEVNULL, "env": dict(os.environ)}
    print(f"campaign --help: {seconds(lambda: subprocess.run(help_line, check=True, **quiet), 7):.2f} s")


if __name__ == "__main__":
    main()
