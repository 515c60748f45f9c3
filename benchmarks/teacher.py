"""How fast a chat teacher can be asked: the product's client beside a raw one, in the same run.

Run as ``python benchmarks/teacher.py``. Every measurement has a stand-in for the teacher of its own and a fresh client
process, so processor time and memory are the client's alone. Prints Markdown: time from the first request to the last
answer, processor time of that and of the whole process per 1,000 requests, and what the stand-in counted.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson
import psutil
from teacher_client import CLIENTS

STAND_IN = "agents.training.scripts.stand_in"
CLIENT = Path(__file__).with_name("teacher_client.py")
LONGEST_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """A name, and the flags of its stand-in."""

    name: str
    flags: tuple[str, ...] = ()


SCENARIOS = (
    Scenario("0 ms"),
    Scenario("200 ms", ("--latency", "0.2")),
    Scenario("hard limit of 100/s", ("--rate", "100")),
    Scenario("faults *", ("--faults", "429=0.05,500=0.02,reset=0.01,malformed=0.05")),
)
COLUMNS = (
    *("teacher", "client", "seconds", "questions/s", "valid", "asked", "paid", "refused (429)", "CPU s per 1,000"),
    *("with start", "peak MB", "teacher's CPU s per 1,000"),
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=2_000, help="questions of a measurement")
    parser.add_argument("--at-once", type=int, default=64, help="questions in flight")
    parser.add_argument("--only", choices=CLIENTS, help="leave the other client out")
    options = parser.parse_args()
    loop = "uvloop" if find_spec("uvloop") else "asyncio"
    print(f"{options.requests:,} questions, {options.at_once} at once; Python {platform.python_version()} with {loop},")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start.\n")
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}", flush=True)
    for scenario in SCENARIOS:
        for client in CLIENTS:
            if options.only in {None, client}:
                found = measured(scenario, client, options)
                print(f"| {' | '.join([scenario.name, client, *cells(found, options.requests)])} |", flush=True)
    print("\n\\* 5 % 429 + 2 % 500 + 1 % resets + 5 % malformed JSON, a fifth of these lost words; raw asks once.")


def measured(scenario: Scenario, client: str, options: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of one client against a stand-in of its own, with the counts of the latter."""
    with subprocess.Popen(
        [sys.executable, "-m", STAND_IN, *scenario.flags], stdout=subprocess.PIPE, text=True
    ) as teacher:
        assert teacher.stdout is not None  # noqa: S101 -- it is a pipe
        try:
            url = teacher.stdout.readline().split()[-1]
            spent = cpu_seconds(teacher.pid)
            size = ["--requests", str(options.requests), "--at-once", str(options.at_once)]
            done = subprocess.run(
                [sys.executable, str(CLIENT), client, url, *size],
                stdout=subprocess.PIPE,
                check=True,
                timeout=LONGEST_SECONDS,
            )
            spent = cpu_seconds(teacher.pid) - spent
        finally:
            teacher.terminate()
            counts, _ = teacher.communicate()
    return {**orjson.loads(done.stdout), "teacher": {**orjson.loads(counts), "cpu_seconds": spent}}


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process that runs."""
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def cells(found: dict[str, Any], requests: int) -> list[str]:
    """Return the cells of a row."""
    if "missing" in found:
        return [found["missing"], *[""] * (len(COLUMNS) - 3)]
    counts = found["teacher"]
    return [
        f"{found['seconds']:.2f}",
        f"{requests / found['seconds']:,.0f}",
        f"{found['valid']:,}",
        f"{counts['requests']:,}",
        f"{counts['answered']:,}",
        f"{counts['by_status'].get('429', 0):,}",
        f"{1_000 * found['cpu_seconds'] / requests:.3f}",
        f"{1_000 * found['cpu_seconds_with_start'] / requests:.3f}",
        f"{found['peak_mb']:.0f}",
        f"{1_000 * counts['cpu_seconds'] / max(1, counts['requests']):.3f}",
    ]


if __name__ == "__main__":
    main()
