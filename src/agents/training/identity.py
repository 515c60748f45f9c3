"""Whether a run that is there is the run that is wanted.

Owns what makes two runs of one name the same; pilots and trials may grow. Pure: compares headers and reads nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agents.campaign.errors import AnotherPlanError
from agents.campaign.ledger_view import RunHeader
from agents.campaign.plan import is_decisive

MOST_SHOWN = 6
"""Differences that are named."""
_DECIDES_CAMPAIGN = ("campaign.use_active_learning",)
"""Plan values outside the fingerprint on which the tickets of a campaign depend."""


def check_same_run(there: RunHeader, wanted: RunHeader, path: Path) -> None:
    """Refuse to go on with a ledger that another plan made.

    Raises:
        AnotherPlanError: names every value that differs, and both fingerprints where they do.
    """
    grows = there.kind == wanted.kind != "campaign" and there.total < wanted.total
    total = wanted.total if grows else there.total
    pairs: dict[str, tuple[Any, Any]] = {"kind": (there.kind, wanted.kind), "total": (total, wanted.total)}
    if there.kind == "campaign":
        pairs |= {key: (there.values.get(key), wanted.values.get(key)) for key in _DECIDES_CAMPAIGN}
    if there.fingerprint == wanted.fingerprint and all(old == new for old, new in pairs.values()):
        return
    for part in sorted(there.code.keys() & wanted.code.keys()):
        pairs[f"version of {part}"] = there.code[part], wanted.code[part]
    for key in filter(is_decisive, sorted(there.values.keys() | wanted.values.keys())):
        pairs[key] = there.values.get(key), wanted.values.get(key)
    differing = [f"{key} was {old!r}, now {new!r}" for key, (old, new) in pairs.items() if old != new]
    more = len(differing) - MOST_SHOWN
    shown = "; ".join([*differing[:MOST_SHOWN], *([f"and {more} more"] if more > 0 else [])])
    is_same = there.fingerprint == wanted.fingerprint
    fingerprints = "" if is_same else f" (fingerprint {there.fingerprint}, now {wanted.fingerprint})"
    raise AnotherPlanError(
        f"run {there.run!r} in {path} was made by another plan{fingerprints}: {shown}",
        "a version changes with the texts, prompts, checks and code of a domain; give another name "
        "(campaign.output_name in the recipe, --output-name of the generator), or go back to the recipe and flags that "
        "the run was started with",
    )
