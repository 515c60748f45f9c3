"""What a person reads of a workflow, as plain text made from its status documents. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from agents.campaign.printable import printable

RULE = "=" * 72
SUMMARIES = {
    "Orchestrator": ("phase", "started", "completed", "cause", "pilot_result"),
    "pilot_result": ("progress", "total", "estimated_quality"),
    "Pilot": ("progress", "total", "estimated_quality", "acceptance_rate", "state", "run", "problems", "last_update"),
    "Validation": ("verdict", "reason", "override", "recommendation", "checks", "fingerprint", "validation_timestamp"),
    "Launch": ("launched", "pid", "log_path", "target", "launch_time", "reason", "error"),
    "Campaign": (
        *("progress", "total", "percentage", "state", "is_running", "rate_per_minute", "eta", "warnings"),
        "last_update",
    ),
    "Training": (
        *("dataset", "model", "state", "is_running", "progress", "total", "percentage", "loss", "eval_loss"),
        *("tokens_per_second", "eta", "error", "cure", "output", "last_update"),
    ),
}
"""Fields of each document that the page shows; ``--json`` and the files have all of them."""


WIDEST = 40
"""Characters of a cell that make its column wider; longer ones stand out."""


def status_text(sections: Mapping[str, dict[str, Any] | str | None], headline: str) -> str:
    """Return the status page: a headline, then each section's document; a str is shown as an error."""
    parts = [RULE, "TRAINING WORKFLOW STATUS", RULE, "", headline]
    for name, document in sections.items():
        if document is None:
            continue
        body = printable_lines(document) if isinstance(document, str) else _indented(_summary(name, document))
        parts += ["", f"{name}:", body]
    return "\n".join(parts)


def headline(state: dict[str, Any] | str | None, pids: Mapping[str, int | None]) -> str:
    """Return in a few lines where the workflow stands, what runs (``pids`` by name) and what comes next.

    A ``state`` that is a str is the error that reading it ended with.
    """
    if isinstance(state, str):
        return "Where the workflow stands cannot be read; see the error below."
    if state is None:
        return (
            "The workflow is being started." if "orchestrator" in pids else "No workflow yet. Start one: campaign auto"
        )
    lines = [f"Phase: {_shown(state.get('phase'))} (campaign {_shown(state.get('run'))})"]
    if candidate := state.get("candidate"):
        lines.append(f"Candidate: {_shown(candidate)}")
    if progress := progress_text(state):
        lines.append(progress)
    lines += follow_up_lines(state, is_running="follow_up" in pids)
    if cause := state.get("cause"):
        lines.append(f"Cause: {_shown(cause)}")
    running = [f"{name} (pid {pid})" if pid else name for name, pid in pids.items()]
    lines.append(f"Running: {', '.join(running) or 'nothing'}")
    if "orchestrator" not in pids and "completed" not in state:
        lines.append("The orchestrator is gone. Run the same command again: it goes on where it stopped.")
    else:
        lines.append(f"Next: {_shown(state.get('next'))}")
    return "\n".join(lines)


def progress_text(state: Mapping[str, Any]) -> str:
    """Return the campaign's progress where it has begun, else the pilot's, else who is tried, else nothing."""
    for name, result in (("Campaign", state.get("campaign_result")), ("Pilot", state.get("pilot_result"))):
        if isinstance(result, dict) and result.get("total"):
            fields = [f"{name}: {_shown(result.get('progress'))}/{_shown(result['total'])}"]
            if (quality := result.get("estimated_quality")) is not None:
                fields.append(f"quality {_shown(quality, '.3f')}")
            if (acceptance := result.get("acceptance_rate")) is not None:
                fields.append(f"acceptance {_shown(acceptance, '.1%')}")
            if rate := result.get("rate_per_minute"):
                fields.append(f"{_shown(rate, '.0f')}/min")
            if eta := result.get("eta"):
                fields.append(f"ready {_shown(eta)}")
            return " | ".join(fields)
    choice = state.get("choice_result")
    if isinstance(choice, dict) and choice.get("wanted"):
        return (
            f"Tried next: {_shown(', '.join(map(str, choice['wanted'])))}, to {_shown(choice.get('tickets'))} tickets"
        )
    return ""


def follow_up_lines(state: Mapping[str, Any], *, is_running: bool = True) -> list[str]:
    """Return a line for each thing that follows the campaign, as far as it is; ``is_running`` whether one is."""
    told = state.get("after_campaign")
    entries = [entry for entry in told if isinstance(entry, dict)] if isinstance(told, list) else []
    if not is_running:
        entries = [entry | {"state": "interrupted"} if entry.get("state") == "running" else entry for entry in entries]
    if state.get("phase") == "paused":
        entries = [entry | {"cause": None} for entry in entries]  # the cause of the pause tells all of them
    return [f"After it: {_shown(entry.get('task'))}: {_follow_up_text(entry)}" for entry in entries]


def _follow_up_text(entry: Mapping[str, Any]) -> str:
    words = [_shown(entry.get("state"))]
    if cause := entry.get("cause"):
        words.append(_shown(str(cause).partition("\n")[0]))
    if entry.get("total"):
        words.append(f"{_shown(entry.get('progress'))}/{_shown(entry['total'])}")
    if (loss := entry.get("loss")) is not None:
        words.append(f"loss {_shown(loss, '.4f')}")
    if eta := entry.get("eta"):
        words.append(f"ready {_shown(eta)}")
    result = entry.get("result")
    if isinstance(result, dict) and isinstance(after := result.get("after"), dict):
        words.append(f"{_shown(after.get('pass_rate'), '.1%')} of {_shown(after.get('tickets'))} tickets passed")
    return ", ".join(words)


def spent_lines(spent: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    """Return a line for each run with what was spent on its models; what nobody told is unknown, never 0."""
    return [
        printable(f"Spent by {run}: {'; '.join(_spending_text(one) for one in models)}")
        for run, models in spent.items()
    ]


def _spending_text(spending: Mapping[str, Any]) -> str:
    who = " ".join(filter(None, [spending["role"], spending["alias"]]))
    tokens = [
        f"{spending[key]:,} {what}"
        for key, what in (("tokens_in", "tokens in"), ("tokens_out", "out"))
        if spending[key] is not None
    ]
    cost = "cost unknown" if spending["cost"] is None else f"cost {spending['cost']:.6g}"
    if spending["cost"] is not None and spending["unpriced"]:
        cost += f" and {spending['unpriced']:,} calls of unknown cost"
    each = [] if spending["seconds"] is None else [f"{spending['seconds']:.2g} s each"]
    return f"{who} {spending['calls']:,} calls, {', '.join([*tokens, cost, *each])}"


def active_text(steps: tuple[str, ...], pid: int, log: Path) -> str:
    """Return the banner of a workflow that was started in the background."""
    numbered = (f"  {number}. {step}" for number, step in enumerate(steps, 1))
    intro = "The orchestrator is now running autonomously and will:"
    hints = (
        f"Pid: {pid}    Log: {log}",
        "Watch it: python scripts/launch_training.py status, or logs    Stop it: the same with stop",
    )
    return "\n".join([RULE, "AUTONOMOUS WORKFLOW ACTIVE", RULE, "", intro, *numbered, "", *hints])


def outcome_text(mode: str, document: Mapping[str, Any]) -> str:
    """Return what a finished command came to, in words."""
    if mode == "auto":
        lines = [f"{document['phase']}: campaign {document['run']}"]
        lines += [text for text in (progress_text(document),) if text]
        lines += follow_up_lines(document)
        lines += [f"Cause: {_shown(document['cause'])}"] if document.get("cause") else []
        return "\n".join([*lines, f"Next: {document['next']}"])
    if mode == "validate":
        findings = [f"  {name}: {reason}" for name, reason in document["findings"].items()]
        lines = [f"{document['verdict']}: {document['reason']}", *findings, document["recommendation"]]
        return "\n".join(map(printable, lines))
    if mode == "launch":
        if document["launched"]:
            return printable(f"Launched {document['run']} as pid {document['pid']}; log: {document['log_path']}")
        cure = f"\n  cure: {printable(document['cure'])}" if document.get("cure") else ""
        return f"Not launched: {printable(document['reason'])}{cure}"
    progress = progress_text({"pilot_result": document})
    return f"Pilot {document['state']}. {progress}".rstrip()


def plan_text(values: Mapping[str, Any], origins: Mapping[str, str]) -> str:
    """Return a plan as a table of keys, values as JSON and origins, both given by dotted key, section by section."""
    rows: list[tuple[str, ...]] = []
    section = ""
    for key, value in values.items():
        top, _, rest = key.partition(".")
        if rest and top != section:
            section = top
            rows += [(), (section,)]
        rows.append((f"  {rest}" if rest else top, orjson.dumps(value).decode(), origins[key]))
    cells = [[printable(cell) for cell in row] for row in rows]
    lengths = ([len(row[column]) for row in cells if len(row) > column + 1] for column in (0, 1))
    widths = [max((length for length in column if length <= WIDEST), default=0) for column in lengths]
    return "\n".join(_row(row, widths) for row in cells)


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [f"{cell:{width}}" for cell, width in zip(cells, widths, strict=False)]
    return "  ".join([*padded, *cells[len(widths) :]]).rstrip()


def _shown(value: Any, form: str = "") -> str:
    """Return a number in ``form``, and anything else as printable text: a status file may hold anything."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return format(value, form) if is_number else printable(str(value))


def _summary(name: str, document: Mapping[str, Any]) -> dict[str, Any]:
    fields = ((field, document[field]) for field in SUMMARIES[name] if document.get(field) not in (None, [], ""))
    return {
        field: _summary(field, value) if field in SUMMARIES and isinstance(value, dict) else value
        for field, value in fields
    }


def _indented(document: Mapping[str, Any]) -> str:
    return printable_lines(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def printable_lines(text: str) -> str:
    """Return ``text`` with every line made printable."""
    return "\n".join(printable(line) for line in text.splitlines())
