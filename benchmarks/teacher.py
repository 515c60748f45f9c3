"""How fast a chat teacher can be asked: a whole campaign and the product's client beside a raw one, in the same run.

Run as ``python benchmarks/teacher.py``. Every measurement has a stand-in for the teacher of its own and a fresh client
process, so processor time and memory are the client's alone. Prints Markdown: time from the first request to the last
answer, processor time of that and of the whole process per 1,000 samples, and what the stand-in counted. ``campaign``
is all that a real run has: templates, checks, the search for duplicates, guards, a durable ledger. Then one campaign is
killed at half and goes on, and with ``--growth`` the cost of a sample is measured as a campaign grows.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson
import psutil
from teacher_client import CLIENTS

STAND_IN = "agents.training.scripts.stand_in"
CLIENT, CAMPAIGN = (Path(__file__).with_name(f"teacher_{name}.py") for name in ("client", "campaign"))
WHOLE = "campaign"
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
    clients = (*CLIENTS, WHOLE)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=2_000, help="questions, or accepted samples, of a measurement")
    parser.add_argument("--at-once", type=int, default=64, help="questions in flight")
    parser.add_argument("--only", choices=clients, help="leave the other clients out")
    parser.add_argument("--growth", type=int, default=0, metavar="SAMPLES", help="measure how the cost of one grows")
    options = parser.parse_args()
    loop = "uvloop" if find_spec("uvloop") else "asyncio"
    print(f"{options.requests:,} questions, {options.at_once} at once; Python {platform.python_version()} with {loop},")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start.\n")
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}", flush=True)
    for scenario in SCENARIOS:
        for client in clients:
            if options.only in {None, client}:
                found = measured(scenario, client, options)
                print(f"| {' | '.join([scenario.name, client, *cells(found, options.requests)])} |", flush=True)
    print("\n\\* 5 % 429 + 2 % 500 + 1 % resets + 5 % malformed JSON, a fifth of these lost words; raw asks once.")
    if options.only in {None, WHOLE}:
        print_kill(options)
        if options.growth:
            print_growth(options)


def measured(scenario: Scenario, client: str, options: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of one client against a stand-in of its own, with the counts of the latter."""
    size = ["--requests", str(options.requests), "--at-once", str(options.at_once)]
    with standing_in(scenario.flags) as teacher:
        program = [str(CAMPAIGN), teacher.url] if client == WHOLE else [str(CLIENT), client, teacher.url]
        found = figures_of([*program, *size])
    return {**found, "teacher": teacher.counts}


def figures_of(program: Sequence[str]) -> dict[str, Any]:
    """Return what a measuring program prints."""
    done = subprocess.run(
        [sys.executable, *program],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
        timeout=LONGEST_SECONDS,
    )
    found: dict[str, Any] = orjson.loads(done.stdout)
    return found


@dataclass
class Standing:
    """A stand-in that listens at ``url``; ``counts`` are there when it has ended."""

    url: str
    counts: dict[str, Any]


@contextmanager
def standing_in(flags: Sequence[str]) -> Iterator[Standing]:
    """Yield a stand-in with these flags, in a process of its own."""
    with subprocess.Popen([sys.executable, "-m", STAND_IN, *flags], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101 -- it is a pipe
        standing = Standing(process.stdout.readline().split()[-1], {})
        spent = cpu_seconds(process.pid)
        try:
            yield standing
        finally:
            spent = cpu_seconds(process.pid) - spent
            process.terminate()
            counts, _ = process.communicate()
            standing.counts = {**orjson.loads(counts), "cpu_seconds": spent}


def print_kill(options: argparse.Namespace) -> None:
    """Kill a campaign at half, let it go on, and print what was paid for again."""
    root = Path(tempfile.mkdtemp(prefix="teacher-kill-"))
    ledger = root / "training" / "runs" / "bench" / "ledger.sqlite"
    program = ["--requests", str(options.requests), "--at-once", str(options.at_once), "--root", str(root)]
    try:
        with standing_in(("--latency", "0.02")) as teacher:
            command = [sys.executable, str(CAMPAIGN), teacher.url, *program]
            with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as campaign:
                while counted(ledger, "SELECT count(*) FROM samples") < options.requests // 2:
                    time.sleep(0.005)
                campaign.kill()
            found = figures_of([str(CAMPAIGN), teacher.url, *program])
        kept = counted(ledger, "SELECT count(*) FROM attempts WHERE outcome = 'answered'")
        tickets = counted(ledger, "SELECT count(DISTINCT seq) FROM attempts WHERE outcome = 'answered'")
    finally:
        shutil.rmtree(root)
    answered = teacher.counts["answered"]
    print(
        f"\nSIGKILL at half of {options.requests:,}: {found['valid']:,} accepted in the end; {answered:,} answers paid "
        f"for, {answered - kept} of them again; {kept - tickets} tickets answered twice."
    )


def counted(ledger: Path, query: str) -> int:
    """Return the count that ``query`` finds in a ledger that may not be there yet."""
    try:
        with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as connection:
            return int(connection.execute(query).fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def print_growth(options: argparse.Namespace) -> None:
    """Print the processor time and the memory of a sample in campaigns of growing size."""
    print(f"\n| accepted samples | seconds | samples/s | CPU s per 1,000 | peak MB |\n|{'---|' * 5}", flush=True)
    for samples in (size for size in (1_000, 10_000, 50_000, 200_000) if size <= options.growth):
        with standing_in(()) as teacher:
            found = figures_of([str(CAMPAIGN), teacher.url, "--requests", str(samples)])
        cpu = 1_000 * found["cpu_seconds"] / samples
        rate = samples / found["seconds"]
        print(
            f"| {samples:,} | {found['seconds']:.1f} | {rate:,.0f} | {cpu:.3f} | {found['peak_mb']:.0f} |", flush=True
        )


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
