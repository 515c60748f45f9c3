"""Log lines: ``render`` writes an event as one line, ``parse`` reads the events of any line.

``parse`` is tolerant in form (key=value, key: value, JSON, progress bars) and strict in meaning: a word such as
"accepted" counts only where the grammar says that a sample was, and an impossible number is an ``Unreadable``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from agents.campaign.events import RUN_KINDS, Event, Progressed, RunStarted, SampleJudged, SampleScored, Unreadable

LOG_FORMAT = "%(asctime)s [%(name)s] %(levelname)s: %(message)s"
LOG_DATES = "%Y-%m-%d %H:%M:%S"
MAX_LINE = 16_384
"""Characters of a line that are looked at; a measurement behind them is not seen."""

_OWN_PREFIX = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[[^\]]*\] (?P<level>[A-Z]+): ")
_COUNT = r"\d{1,3}(?:,\d{3})+|\d{1,12}"
_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"

_TELLING = ("progress", "quality_score", "accepted", "rejected", "run started")
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_PROGRESS = re.compile(rf"\bProgress:\s*({_COUNT})\s*/\s*({_COUNT})(?![\d.,]*\d)", re.IGNORECASE)
_PROGRESS_CLAIM = re.compile(r"\bProgress:\s*[-+\d][\d.,\s]*+/", re.IGNORECASE)
_COMPLAINT = re.compile(r"\bUnreadable (?:score|progress): ")
_BAR = re.compile(rf"(?<![\d.,/])({_COUNT})/({_COUNT}) \[")
_QUALITY_FIELD = re.compile(rf"\bQuality:\s*({_NUMBER})(?!\S*\d)", re.IGNORECASE)
_ACCEPTANCE_FIELD = re.compile(rf"\bAcceptance:\s*({_NUMBER})\s*%", re.IGNORECASE)
_SCORE_VALUE = rf"""(?P<value>{_NUMBER}|[+-]?nan\b|[+-]?inf(?:inity)?\b|none\b|null\b)
                   (?P<rest>%|\w|\s*+[,/;]?\s*+{_NUMBER}(?![\w.]))?"""
_SCORE = re.compile(
    rf"""(?<![\w.])["']?quality_score["']?\s*+[:=]?\s*+{_SCORE_VALUE}""",
    re.IGNORECASE | re.VERBOSE,
)
_REJECTED_WITH_SCORE = re.compile(
    rf"\bRejected\ sample\s*\((?:[^()]*,\s*)?score={_SCORE_VALUE}",
    re.IGNORECASE | re.VERBOSE,
)
_JUDGED = re.compile(
    r"""(?<!\w)(?:(?<!\bno\ )sample\s+(?P<after>accepted|rejected)\b(?!\s*[:=]\s*(?:\d|true|false))
             |(?P<before>accepted|rejected)\s+sample\s*(?=\()
             |(?:accepted\s*=|["']accepted["']\s*[:=])\s*(?P<flag>true|false)\b
             |(?:status\s*=|["']status["']\s*[:=])\s*["']?(?P<status>accepted|rejected)\b)""",
    re.IGNORECASE | re.VERBOSE,
)
_DOMAIN = re.compile(r"\bdomain=([A-Za-z0-9_-]{1,60})(?![\w-])")
_STARTED = re.compile(
    rf"\bRun started: run=(?P<run>[A-Za-z0-9._-]{{1,100}}) kind=(?P<kind>{'|'.join(RUN_KINDS)}) "
    r"total=(?P<total>\d{1,12}) fingerprint=(?P<fingerprint>[0-9a-f]{16})\b"
)


def message_of(line: str) -> str:
    """Return what a line in our own format says, without when, who and how loud; another line as it is."""
    prefix = _OWN_PREFIX.match(line)
    return line[prefix.end() :] if prefix else line


def is_error(line: str) -> bool:
    """Return whether a line is an error in our own format."""
    prefix = _OWN_PREFIX.match(line)
    return prefix is not None and prefix["level"] == "ERROR"


def render(event: Event) -> str:
    """Return ``event`` as the message of one log line."""
    match event:
        case RunStarted(run, kind, total, fingerprint):
            return f"Run started: run={run} kind={kind} total={total} fingerprint={fingerprint}"
        case Progressed(done, total, quality, acceptance):
            return _render_progress(done, total, quality, acceptance)
        case SampleScored(quality, accepted, domain):
            word = {True: "Sample accepted: ", False: "Sample rejected: ", None: ""}[accepted]
            return f"{word}{f'domain={domain} ' if domain else ''}quality_score={quality:.4f}"
        case SampleJudged(accepted):
            return f"Sample {'accepted' if accepted else 'rejected'}"
        case Unreadable(claims, reason):
            return f"Unreadable {claims}: {reason}"


def parse(line: str) -> tuple[Event, ...]:
    """Return the events that ``line`` tells of, in the order started, scored or judged, progressed.

    A line without a measurement has none; a line that claims an impossible one has ``Unreadable`` in its place.
    Of a line redrawn with carriage returns, every drawing counts.
    """
    if not _may_tell(line):
        return ()
    events: list[Event] = []
    if len(line) > MAX_LINE:
        line = line[:MAX_LINE].rstrip("0123456789.,")
    for part in line.split("\r"):
        text = _ESCAPES.sub("", part).strip()
        if text:
            found = _parse_json(text) if text.startswith("{") else _parse_text(text)
            events += _complaints(found) if _COMPLAINT.search(text) else found
    return tuple(events)


def _complaints(events: Iterable[Event]) -> list[Event]:
    """Return what remains of a line that quotes another one: the measurements are those of the other line."""
    return [event for event in events if isinstance(event, Unreadable)]


def _may_tell(line: str) -> bool:
    """Whether the line has what every measurement has; most lines of a long log have not, and cost this much only."""
    lowered = line.lower()
    return any(word in lowered for word in _TELLING) or ("/" in line and " [" in line)


def _render_progress(done: int, total: int, quality: float | None, acceptance: float | None) -> str:
    fields = [f"Progress: {done}/{total} ({100 * done / total:.1f}%)"]
    if quality is not None:
        fields.append(f"Quality: {quality:.3f}")
    if acceptance is not None:
        fields.append(f"Acceptance: {acceptance:.2%}")
    return " | ".join(fields)


def _parse_text(text: str) -> Iterator[Event]:
    if "Run started:" in text and (started := _STARTED.search(text)):
        kind = next(kind for kind in RUN_KINDS if kind == started["kind"])
        yield RunStarted(started["run"], kind, int(started["total"]), started["fingerprint"])
        return
    yield from _parse_sample(text)
    yield from _parse_progress(text)


def _parse_sample(text: str) -> Iterator[Event]:
    lowered = text.lower()
    scores = [*_SCORE.finditer(text), *_REJECTED_WITH_SCORE.finditer(text)] if "score" in lowered else []
    judged = _judgement(text) if "accepted" in lowered or "rejected" in lowered else None
    if len(scores) > 1 or any(match["rest"] for match in scores):
        yield Unreadable("score", f"no single number for a score in {_shown(text)}")
    elif scores:
        domain = _DOMAIN.search(text)
        yield _scored(scores[0]["value"], judged, domain[1] if domain else None)
    elif judged is not None:
        yield SampleJudged(judged)


def _judgement(text: str) -> bool | None:
    words = {word.lower() for match in _JUDGED.finditer(text) for word in match.groups() if word}
    if not words or (words & {"accepted", "true"} and words & {"rejected", "false"}):
        return None
    return bool(words & {"accepted", "true"})


def _parse_progress(text: str) -> Iterator[Event]:
    if "/" not in text:
        return
    if match := _PROGRESS.search(text) or _BAR.search(text):
        quality, acceptance = _QUALITY_FIELD.search(text), _ACCEPTANCE_FIELD.search(text)
        yield _progressed(
            match[1],
            match[2],
            float(quality[1]) if quality else None,
            float(acceptance[1]) / 100 if acceptance else None,
        )
    elif _PROGRESS_CLAIM.search(text):
        yield Unreadable("progress", f"no two whole numbers in {_shown(text)}")


def _parse_json(text: str) -> Iterator[Event]:
    try:
        fields: Any = orjson.loads(text)
    except orjson.JSONDecodeError:
        yield from _parse_text(text)
        return
    message = fields.get("message")
    message = message if isinstance(message, str) else ""
    yield from tuple(_json_sample(fields)) or _parse_sample(message)
    yield from tuple(_json_progress(fields)) or _parse_progress(message)


def _json_sample(fields: dict[str, Any]) -> Iterator[Event]:
    accepted = fields.get("accepted")
    if not isinstance(accepted, bool):
        accepted = {"accepted": True, "rejected": False}.get(str(fields.get("status")).lower())
    if fields.get("quality_score") is not None:
        domain = fields.get("domain")
        yield _scored(fields["quality_score"], accepted, domain if isinstance(domain, str) else None)
    elif accepted is not None:
        yield SampleJudged(accepted)


def _json_progress(fields: dict[str, Any]) -> Iterator[Event]:
    done, total = fields.get("progress"), fields.get("total")
    if type(done) is int and type(total) is int:
        yield _progressed(str(done), str(total), None, None)


def _scored(value: Any, accepted: bool | None, domain: str | None) -> Event:
    try:
        quality = float("nan" if isinstance(value, bool) else value)
    except (TypeError, ValueError):
        quality = math.nan
    if not 0.0 <= quality <= 1.0:
        return Unreadable("score", f"score {_shown(str(value))} is not a number in [0, 1]")
    return SampleScored(quality, accepted, domain)


def _progressed(done: str, total: str, quality: float | None, acceptance: float | None) -> Event:
    finished, planned = (int(number.replace(",", "")) for number in (done, total))
    if not 0 <= finished <= planned or planned == 0:
        return Unreadable("progress", f"progress {finished}/{planned} is impossible")
    if quality is not None and not 0.0 <= quality <= 1.0:
        return Unreadable("progress", f"quality {quality:g} is not in [0, 1]")
    if acceptance is not None and not 0.0 <= acceptance <= 1.0:
        return Unreadable("progress", f"acceptance {acceptance:.2%} is not in [0 %, 100 %]")
    return Progressed(finished, planned, quality, acceptance)


def _shown(text: str) -> str:
    printable = "".join(char if char.isprintable() else "?" for char in text)
    return repr(printable if len(printable) <= 80 else printable[:77] + "...")
