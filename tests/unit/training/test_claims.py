from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tiny_run import GOAL, TinyRun

from agents.campaign.errors import UsageError
from agents.campaign.ledger_view import LedgerView
from agents.training.claims import claims_of

PILOT = replace(GOAL, kind="pilot", total=190, budget=190)


def test_a_pilot_claims_its_lower_bounds_and_its_models(tmp_path: Path) -> None:
    run = TinyRun(tmp_path / "ledger.sqlite", goal=PILOT)
    progress = run.go()
    claims = claims_of(LedgerView(run.path), PILOT.weights, ["refused"], 0.05)
    proven = claims.proven["tiny"]
    assert progress.quality is not None
    assert progress.acceptance is not None
    assert progress.quality - 0.15 < proven["quality"] < progress.quality
    assert progress.acceptance - 0.2 < proven["acceptance"] < progress.acceptance
    assert 0.9 < proven["refused"] < 1.0
    assert claims.acceptance == {"tiny": pytest.approx(progress.acceptance)}
    assert claims.models == {"tiny": frozenset({"procedural/1"})}


def test_a_pilot_that_is_none_or_of_other_domains_is_refused(tmp_path: Path) -> None:
    run = TinyRun(tmp_path / "pilot" / "ledger.sqlite", goal=PILOT)
    run.go()
    with pytest.raises(UsageError, match="--pilot-run names 'pilot'"):
        claims_of(LedgerView(run.path), {"other": 1.0}, (), 0.05)
    with pytest.raises(UsageError, match="'nobody'"):
        claims_of(LedgerView(tmp_path / "nobody" / "ledger.sqlite"), PILOT.weights, (), 0.05)
