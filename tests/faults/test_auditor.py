"""The auditor finds what it is there for: each sabotage of the product is named as the account that it violates."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from simulation.auditor import ViolatedError
from simulation.boundary import simulated_machine
from simulation.run import run, undisturbed
from simulation.scenarios import SCENARIOS

from agents.autonomous import campaign_launcher, pilot_quality_monitor
from agents.autonomous.restarts import Restarts
from agents.campaign import lease
from agents.campaign.gate import Verdict
from agents.campaign.ledger_view import LedgerView
from agents.campaign.outcome import RunState
from agents.campaign.recipe import Recipe
from agents.training.ledger import Ledger

MOST_SEEDS = 60


@pytest.fixture(autouse=True)
def on_a_simulated_machine() -> Iterator[None]:
    logging.disable()
    with simulated_machine():
        for scenario in SCENARIOS:
            undisturbed(scenario)
        yield
    logging.disable(logging.NOTSET)


def accounts_violated(until: str) -> set[str]:
    """Run seeds until the account ``until`` is violated; return all that were."""
    found: set[str] = set()
    for seed in range(MOST_SEEDS):
        try:
            run(seed)
        except ViolatedError as error:
            found |= error.accounts
            if until in found:
                break
    return found


def test_locks_that_do_not_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "_lock", lambda _descriptor: None)
    account = "0 or 1 generator of a run alive"
    assert account in accounts_violated(account)


def test_a_campaign_that_ended_counts_as_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    judge = campaign_launcher.state_of

    def generous(progress: Any, **facts: Any) -> RunState:
        state = judge(progress, **facts)
        return RunState.COMPLETE if state.is_over else state

    monkeypatch.setattr(campaign_launcher, "state_of", generous)
    account = "never complete when it is not"
    assert account in accounts_violated(account)


def test_samples_are_announced_before_they_are_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    commit, times = Ledger.commit, iter(range(10**9))
    monkeypatch.setattr(Ledger, "commit", lambda ledger: commit(ledger) if next(times) % 5 == 0 else None)
    account = "nothing acknowledged is lost"
    assert account in accounts_violated(account)


def test_answers_that_came_back_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ledger, "stored_replies", lambda _ledger: {})
    account = "no answer is asked for twice"
    assert account in accounts_violated(account)


def test_deaths_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    deaths: Counter[Restarts] = Counter()

    def generous(restarts: Restarts) -> bool:
        deaths[restarts] += 1
        return deaths[restarts] < 3 * Recipe().campaign.restarts

    monkeypatch.setattr(Restarts, "allow", generous)
    account = "deaths in ten minutes are counted"
    assert account in accounts_violated(account)


def test_an_export_leaves_samples_out(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = LedgerView.samples
    monkeypatch.setattr(LedgerView, "samples", lambda view, *, accepted: list(samples(view, accepted=accepted))[:-1])
    account = "exported = accepted"
    assert account in accounts_violated(account)


def test_the_gate_lets_everything_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    decide = pilot_quality_monitor.decide

    def lenient(*asked: Any) -> Any:
        decision, *bound = decide(*asked)
        return type(decision)(Verdict.APPROVED, decision.reason, decision.recommendation, ()), *bound

    monkeypatch.setattr(pilot_quality_monitor, "decide", lenient)
    monkeypatch.setattr(campaign_launcher, "decide", lenient)
    account = "the end is validation_failed"
    assert account in accounts_violated(account)
