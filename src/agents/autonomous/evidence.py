"""The evidence behind a pilot's status document, from the ledger that it names or from the document itself.

Never decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from agents.campaign.digest import digest
from agents.campaign.errors import DamagedFileError, UsageError
from agents.campaign.follower import file_name
from agents.campaign.gate import Evidence
from agents.campaign.home import Home
from agents.campaign.ledger_view import LedgerView
from agents.campaign.progress import NEWEST
from agents.campaign.readers import LogReader


def evidence_of(status: dict[str, Any], home: Home, expected: int) -> tuple[Evidence, str]:
    """Return the evidence of the pilot that ``status`` describes, and the fingerprint that it stands for.

    The pilot of a run of ours is read from its ledger again, whatever the document says. So is a log that our monitor
    read, as long as that one file still tells it all; of a log that was rotated the document is what is left. A
    document of somebody else's monitor may lack ``scored`` and ``score_sum``: then its mean is taken, or the mean of
    its list of scores where that has every sample and is lower. As many scores as accepted samples are scores of those
    alone.

    Raises:
        DamagedFileError: the document has no usable numbers, or names a run that has no ledger.
    """
    if status.get("run"):
        return _from_ledger(str(status["run"]), home, expected)
    evidence = _from_log(status, expected) or _from_document(status, expected)
    return evidence, digest("foreign pilot", evidence.finished, evidence.scored, round(evidence.score_sum, 6))


def _from_log(status: dict[str, Any], expected: int) -> Evidence | None:
    """Return what the log says now that our monitor read; None where another did, or the log is another file now."""
    if status.get("source") != "log" or not isinstance(status.get("log"), str):
        return None
    log = Path(status["log"])
    try:
        is_that_file = file_name(log.stat()) == status.get("log_file")
    except (OSError, ValueError):
        return None
    return Evidence.of(LogReader(log).end(), expected) if is_that_file else None


def _from_ledger(run: str, home: Home, expected: int) -> tuple[Evidence, str]:
    try:
        view = LedgerView(home.run(run).ledger)
    except UsageError as error:
        raise DamagedFileError(error.what, "remove pilot_monitor_status.json; it is written again") from error
    view.check_whole()
    header, progress, tickets = view.header(), view.progress(), view.judged()
    if progress is None or progress.started is None or progress.started.kind != "pilot":
        raise DamagedFileError(
            f"the pilot's status names run {run!r}, which has no pilot's ledger",
            "remove pilot_monitor_status.json and watch the pilot again: campaign monitor",
        )
    started = progress.started
    evidence = Evidence.of(progress, max(expected, started.total), tickets, _weights(header.values if header else {}))
    return evidence, started.fingerprint


def _weights(values: Mapping[str, Any]) -> dict[str, float]:
    """Return the domains' weights as they were when the run was begun."""
    keys = {key: key.split(".") for key in values}
    return {
        path[1]: float(values[key]) for key, path in keys.items() if path[0] == "domains" and path[2:] == ["weight"]
    }


def _from_document(status: dict[str, Any], expected: int) -> Evidence:
    done, total = _count(status, "progress"), _count(status, "total")
    evidence = Evidence(
        expected=expected,
        finished=done,
        is_complete=status.get("is_complete") is True and total > 0 and done >= max(expected, total),
        scored=0,
        score_sum=0.0,
        bad_scores=_count(status, "bad_scores") if "bad_scores" in status else 0,
    )
    if "scored" in status:
        scored = _count(status, "scored")
        return replace(evidence, scored=scored, score_sum=_number("score_sum", status.get("score_sum"), scored))
    scores, mean = status.get("quality_scores"), status.get("estimated_quality")
    if not isinstance(scores, list) or not scores or mean is None:
        return evidence
    listed = sum(_number("quality_scores", score, 1) for score in scores)
    claimed = _number("estimated_quality", mean, 1) * done
    if len(scores) == done:
        return replace(evidence, scored=done, score_sum=min(listed, claimed))
    if status.get("accepted") == len(scores) < min(done, NEWEST):
        return replace(evidence, scored=len(scores), score_sum=listed)
    return replace(evidence, scored=done, score_sum=claimed)


def _count(status: dict[str, Any], name: str) -> int:
    value = status.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _unusable(name, value)
    return value


def _number(name: str, value: Any, most: int) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise _unusable(name, value)
    return float(value)


def _unusable(name: str, value: Any) -> DamagedFileError:
    return DamagedFileError(
        f"the pilot's status has {name} = {value!r}",
        "remove pilot_monitor_status.json and watch the pilot again: campaign monitor",
    )
