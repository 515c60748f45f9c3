"""What an export costs: processor time of each pass over the samples, and memory, for a ledger of so many samples.

``python benchmarks/export.py 100000 [FORMAT]`` prints one line for each figure. The ledger is made up: samples of about
1,500 characters, no two alike; it takes 5 GB of a temporary folder for a million.
"""

from __future__ import annotations

import random
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson

from agents.campaign.home import Home
from agents.campaign.ledger_view import RunHeader
from agents.training.datasets.wish import Wish
from agents.training.dedup import SLOTS, trace
from agents.training.exporting import export
from agents.training.ledger import Ledger
from agents.training.sample import Cell, SourceItem, ticket_id

RUN = "bench"
WORDS = [f"{kind}{number}" for kind in ("lda #$", "sta $7e0", "room ", "flag_", "loop_") for number in range(400)]
RECIPE = "curation: {max_tokens: 100000}\ndatasets: {all: {domains: [asm]}}\n"


def main() -> None:
    """Measure and print."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    form = sys.argv[2] if len(sys.argv) > 2 else "messages"
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        recipe = Path(folder) / "recipe.yaml"
        recipe.write_text(RECIPE)
        ledger = home.run(RUN).ledger
        begun = time.process_time()
        make_ledger(ledger, rows)
        print(f"made up {rows:,} samples, {ledger.stat().st_size / 1e9:.2f} GB: {time.process_time() - begun:.0f} s")
        before = memory()
        stages: list[tuple[str, float]] = []
        wish = Wish(RUN, ("all",), form, recipe=recipe, jsonl_only=True)
        begun = time.process_time()
        (made,) = export(
            home, wish, datetime(2026, 1, 1, tzinfo=UTC), lambda text: stages.append((text, time.process_time()))
        )
        stages.append(("", time.process_time()))
        for (text, start), (_, end) in pairwise(stages):
            print(f"{text}: {end - start:.2f} s, {rows / (end - start):,.0f} rows/s, {memory() - before:.0f} MB more")
        whole = stages[-1][1] - begun
        print(f"whole export as {form}: {whole:.2f} s, {made.manifest['samples'] / whole:,.0f} rows/s")
    print(f"peak memory: {memory():.0f} MB, {memory() - before:.0f} MB more than before the export")


def memory() -> float:
    """Return the most megabytes that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def make_ledger(path: Path, rows: int) -> None:
    """Write the ledger of a finished run with ``rows`` accepted samples."""
    values = {"seed": 7, "domains.asm.weight": 1.0}
    header = RunHeader(RUN, "campaign", rows, "f" * 16, values, {}, {"asm": "1"}, "2026-01-01T00:00:00+00:00")
    Ledger.open(path, header).__exit__(None, None, None)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("INSERT INTO rounds VALUES (0, ?)", (rows,))
        connection.execute(
            "INSERT INTO counters (domain, issued, accepted, quality_sum) VALUES ('asm', ?, ?, ?)", (rows, rows, rows)
        )
        tickets, attempts, samples = [], [], []
        for seq, (ticket, attempt, sample) in enumerate(_rows(rows), 1):
            tickets.append(ticket)
            attempts.append(attempt)
            samples.append(sample)
            if seq % 10_000 == 0 or seq == rows:
                connection.executemany("INSERT INTO tickets VALUES (?,?,0,'asm',?,?,?,?,?,0,?,'accepted')", tickets)
                connection.executemany(
                    "INSERT INTO attempts (id, seq, started, finished, outcome, model, reply) "
                    "VALUES (?, ?, '', '', 'answered', 'model', ?)",
                    attempts,
                )
                connection.executemany("INSERT INTO samples VALUES (?,?,1.0,NULL,NULL,?,NULL,?,'')", samples)
                tickets, attempts, samples = [], [], []
        connection.commit()


def _rows(count: int) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of tickets, attempts and samples; signatures are those of short texts, as costly to compare."""
    rng = random.Random(1)  # noqa: S311 -- draws text, not secrets
    checks = orjson.dumps([["proof", 1.0, "ran"], ["explained", 1.0, ""]]).decode()
    for seq in range(count):
        item = SourceItem("asm", Cell(f"family{seq % 20}", 1 + seq % 3), {"salt": seq})
        question, answer = " ".join(rng.choices(WORDS, k=40)), " ".join(rng.choices(WORDS, k=140))
        prompt = orjson.dumps([["system", "You write assembly for the console."], ["user", question]]).decode()
        written = orjson.dumps(dict(item.params)).decode()
        cell = item.cell.family, item.cell.difficulty
        signature = trace(question[:SLOTS]).signature
        yield (
            (seq, ticket_id(RUN, item.id, 0), *cell, seq, item.id, written, prompt),
            (seq + 1, seq, answer),
            (seq, seq + 1, checks, signature),
        )


if __name__ == "__main__":
    main()
