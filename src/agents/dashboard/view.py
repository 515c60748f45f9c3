"""What a person reads of a workflow, as plain text made from its status documents. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

RULE = "=" * 72
LONG_FIELDS = ("quality_scores", "pilot_status", "validation", "argv")
"""Fields that are left out of a summary: they repeat another section or fill the screen."""


def status_text(sections: Mapping[str, dict[str, Any] | str | None], headline: str) -> str:
    """Return the status page: a headline, then each section's document; a str is shown as an error."""
    parts = [RULE, "TRAINING WORKFLOW STATUS", RULE, "", headline]
    for name, document in sections.items():
        if document is None:
            continue
        body = document if isinstance(document, str) else _indented(_short(document))
        parts += ["", f"{name}:", body]
    return "\n".join(parts)


def headline(state: dict[str, Any] | None, *, orchestrator_pid: int | None, is_alive: bool) -> str:
    """Return in a line or two where the workflow stands and what comes next."""
    if state is None:
        return "No workflow yet. Start one: campaign auto"
    lines = [f"Phase: {state.get('phase')} (campaign {state.get('run')})"]
    if progress := progress_text(state):
        lines.append(progress)
    if cause := state.get("cause"):
        lines.append(f"Cause: {printable(str(cause))}")
    if is_alive:
        lines.append(f"Orchestrator: running{f' (pid {orchestrator_pid})' if orchestrator_pid else ''}")
    else:
        lines.append("Orchestrator: not running")
    lines.append(f"Next: {state.get('next')}")
    return "\n".join(lines)


def progress_text(state: Mapping[str, Any]) -> str:
    """Return the campaign's progress where it has begun, else the pilot's, else nothing."""
    for name, result in (("Campaign", state.get("campaign_result")), ("Pilot", state.get("pilot_result"))):
        if isinstance(result, dict) and result.get("total"):
            fields = [f"{name}: {result['progress']}/{result['total']}"]
            if (quality := result.get("estimated_quality")) is not None:
                fields.append(f"quality {quality:.3f}")
            if (acceptance := result.get("acceptance_rate")) is not None:
                fields.append(f"acceptance {acceptance:.1%}")
            if rate := result.get("rate_per_minute"):
                fields.append(f"{rate:.0f}/min")
            if eta := result.get("eta"):
                fields.append(f"ready {eta}")
            return " | ".join(fields)
    return ""


def active_text(steps: tuple[str, ...]) -> str:
    """Return the banner of a workflow that was started in the background."""
    numbered = (f"  {number}. {step}" for number, step in enumerate(steps, 1))
    intro = "The orchestrator is now running autonomously and will:"
    return "\n".join([RULE, "AUTONOMOUS WORKFLOW ACTIVE", RULE, "", intro, *numbered])


def printable(text: str) -> str:
    """Return ``text`` without control characters, so that it cannot drive a terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


def _short(document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _short(value) if isinstance(value, dict) else value
        for key, value in document.items()
        if key not in LONG_FIELDS
    }


def _indented(document: Mapping[str, Any]) -> str:
    return printable_lines(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def printable_lines(text: str) -> str:
    """Return ``text`` with every line made printable."""
    return "\n".join(printable(line) for line in text.splitlines())
