"""A whole campaign that asks a chat teacher, measured alone in its own process: ``teacher_campaign.py URL``.

All that a real run has is on: sources, templates, structured answers and their repair, checks, the search for
duplicates, guards, and a ledger that is synced before anything counts. Prints one line of JSON;
`benchmarks/teacher.py` starts it beside plain clients.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson
from teacher_client import cpu_seconds, note, peak_mb

from agents.campaign import environment, lease  # noqa: F401 -- what loads when is not what is measured
from agents.campaign.home import Home
from agents.campaign.ledger_view import LedgerView
from agents.training import console, engine, exporter, faculty, preflight  # noqa: F401
from agents.training.scripts import generate_campaign
from agents.training.teachers import chat  # noqa: F401

RUN = "bench"
SPARE = 1.3
"""Notes for each sample that is owed: some answers are not accepted."""
RECIPE = """
name: bench
seed: 1
models:
  writer: {{model: stand-in, base_url: {url}, tries: 20}}
teacher: {{kind: chat, model: writer}}
domains:
  notes:
    weight: 1.0
    sources:
      - {{files: [notes.jsonl], licence: own, provenance: made up}}
    prompt:
      user: >-
        You are given one note of a long series. Write one question that a curious reader could ask about it, and the
        answer that the note supports, in plain sentences. Give both as one JSON object with the keys instruction and
        output. The note: {{{{ text }}}}
    answer:
      json_schema:
        type: object
        properties: {{instruction: {{type: string}}, output: {{type: string}}}}
        required: [instruction, output]
        additionalProperties: false
campaign: {{target: {target}, output_name: {run}}}
speed: {{parallel: {parallel}, in_flight: {at_once}}}
guards: {{min_free_gb: 0.1}}
"""


def main() -> int:
    """Measure once and print; return the generator's exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="base URL, with /v1")
    parser.add_argument("--requests", type=int, default=2_000, help="accepted samples that the campaign owes")
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--parallel", action=argparse.BooleanOptionalAction, default=False)
    parser.add_argument("--root", type=Path, help="where a campaign was begun that is to go on (default: a new one)")
    parser.add_argument("--profile", type=Path, help="write a profile there")
    options = parser.parse_args()
    root = options.root or Path(tempfile.mkdtemp(prefix="teacher-benchmark-"))
    try:
        figures = measured(root, options)
    finally:
        if options.root is None:
            shutil.rmtree(root)
    print(orjson.dumps(figures).decode())
    return int(figures["exit_code"])


def measured(root: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Return what the campaign took; it is made, or goes on, below ``root``."""
    recipe = written(root, options)
    os.environ["CONTEXT_ROOT"] = str(root)
    arguments = ["--recipe", str(recipe), "--json"]
    began, cpu = time.perf_counter(), cpu_seconds()
    with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())) as printed, profiled(options.profile):
        code = generate_campaign.main(arguments)
    seconds, cpu = time.perf_counter() - began, cpu_seconds() - cpu
    printed.seek(0)
    summary = orjson.loads(printed.buffer.read() or b"{}")  # type: ignore[attr-defined]
    view = LedgerView(Home(root).run(RUN).ledger)
    calls = view.calls()
    return {
        "exit_code": code,
        "error": summary.get("error"),
        "seconds": max(call.ended for call in calls) - min(call.began for call in calls) if calls else seconds,
        "seconds_with_start": seconds,
        "valid": summary.get("accepted") or 0,
        "tickets": summary.get("issued"),
        "reasons": dict(view.reasons()),
        "cpu_seconds": cpu,
        "cpu_seconds_with_start": cpu_seconds(),
        "peak_mb": peak_mb(),
    }


def written(root: Path, options: argparse.Namespace) -> Path:
    """Write the notes and the recipe, unless they are there; return the recipe's path."""
    recipe = root / "recipe.yaml"
    if not recipe.exists():
        notes = (orjson.dumps({"text": note(number)}) for number in range(int(SPARE * options.requests)))
        (root / "notes.jsonl").write_bytes(b"\n".join(notes) + b"\n")
        parallel = str(options.parallel).lower()
        recipe.write_text(
            RECIPE.format(url=options.url, target=options.requests, run=RUN, parallel=parallel, at_once=options.at_once)
        )
    return recipe


@contextlib.contextmanager
def profiled(path: Path | None) -> Any:
    """Write a profile of the block to ``path``, where there is one."""
    if path is None:
        yield
        return
    import cProfile  # noqa: PLC0415 -- only to look closer

    with cProfile.Profile() as profile:
        yield
    profile.dump_stats(path)


if __name__ == "__main__":
    sys.exit(main())
