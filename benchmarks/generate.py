"""How fast the default workflow's generator is: ``python benchmarks/generate.py --target 5000 --parallel``.

Runs the real command on a context root of its own and prints one JSON line and a table: samples per second (start
and export excluded, and included), CPU seconds per 1,000 accepted samples, peak memory of the process and its workers.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson
import psutil
from rich.console import Console
from rich.table import Table

GENERATOR = "agents.training.scripts.generate_campaign"
POLL_SECONDS = 0.1


def main() -> int:
    """Measure once; return the generator's exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", type=int, default=5000, help="accepted samples")
    parser.add_argument("--parallel", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--workers", type=int, help="worker processes (default: one per processor)")
    parser.add_argument("--recipe", type=Path, help="recipe (default: the built-in one)")
    options = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="generate-benchmark-"))
    try:
        code, figures = measured(arguments_of(options), root)
    finally:
        shutil.rmtree(root)
    print(orjson.dumps(figures).decode())
    Console().print(table_of(figures))
    return code


def arguments_of(options: argparse.Namespace) -> list[str]:
    """Return the generator's arguments."""
    arguments = ["--json", "--target", str(options.target), "--parallel" if options.parallel else "--no-parallel"]
    if options.workers is not None:
        arguments += ["--workers", str(options.workers)]
    if options.recipe is not None:
        arguments += ["--recipe", str(options.recipe)]
    return arguments


def measured(arguments: list[str], root: Path) -> tuple[int, dict[str, Any]]:
    """Return the generator's exit code, and its figures."""
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", GENERATOR, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "CONTEXT_ROOT": str(root)},
    ) as process:
        cpu, memory = watched(process)
        wall = time.monotonic() - began
        summary = orjson.loads(process.stdout.read()) if process.stdout else {}
    accepted = summary.get("accepted") or 0
    return process.returncode, {
        "arguments": arguments,
        "samples": accepted,
        "tickets": summary.get("issued"),
        "acceptance": summary.get("acceptance"),
        "samples_per_second": round(accepted / summary["seconds"], 1) if accepted else None,
        "samples_per_second_with_start": round(accepted / wall, 1),
        "cpu_seconds_per_1000": {name: round(1000 * seconds / max(1, accepted), 3) for name, seconds in cpu.items()},
        "peak_mb": {name: round(size / 2**20, 1) for name, size in memory.items()},
        "ledger_mb": round(sum(file.stat().st_size for file in root.rglob("ledger.sqlite*")) / 2**20, 1),
        "error": summary.get("error"),
    }


def watched(process: subprocess.Popen[bytes]) -> tuple[dict[str, float], dict[str, int]]:
    """Return CPU seconds and peak resident bytes of the main process and of its workers together."""
    cpu: dict[int, float] = {}
    peak = {"main": 0, "workers": 0}
    generator = psutil.Process(process.pid)
    while process.poll() is None:
        workers = 0
        for one in (generator, *_children(generator)):
            try:
                times, size = one.cpu_times(), one.memory_info().rss
            except (psutil.NoSuchProcess, psutil.ZombieProcess):
                continue
            cpu[one.pid] = times.user + times.system
            if one.pid == process.pid:
                peak["main"] = max(peak["main"], size)
            else:
                workers += size
        peak["workers"] = max(peak["workers"], workers)
        time.sleep(POLL_SECONDS)
    main_seconds = cpu.pop(process.pid, 0.0)
    return {"main": main_seconds, "workers": sum(cpu.values())}, peak


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def table_of(figures: dict[str, Any]) -> Table:
    """Return the figures for people."""
    table = Table("figure", "value")
    for name, value in figures.items():
        table.add_row(name, " ".join(value) if isinstance(value, list) else str(value))
    return table


if __name__ == "__main__":
    sys.exit(main())
