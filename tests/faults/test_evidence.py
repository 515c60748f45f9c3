"""Rows about what a verdict rests on: scores that lack, tickets that are lost, verdicts and plans that change."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from runs import launches
from stage_real import campaigns
from tiny_domain import DOMAIN
from tiny_run import GOAL, TinyRun, audit
from world import World

from agents.campaign.gate import Evidence, JudgedTicket, Verdict
from agents.campaign.ledger_view import LedgerView
from agents.campaign.recipe import GateSection
from agents.campaign.rules import EvidenceRule
from agents.training.sample import Outcome, Reply
from agents.training.teachers import Request, Teacher

PILOT = "pilot: {max_tickets: 190}\ncampaign: {target: 60}\n"
STRICT = PILOT + "gate: {quality_threshold: 0.95}\n"
"""What the same pilot neither proves nor refutes."""


@pytest.fixture(scope="module")
def approved(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world whose pilot is approved and whose campaign waits for a person; copy it before changing anything."""
    world = World(tmp_path_factory.mktemp("approved"))
    done = world.campaign("auto", "--recipe", str(world.recipe(PILOT)), "--no-auto-launch")
    assert done.returncode == 5, done.stderr
    assert world.read(world.home.validation)["verdict"] == "APPROVED"
    return world


@pytest.fixture(scope="module")
def unproven(approved: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The same world with a verdict by a threshold that its pilot neither proves nor refutes."""
    world = World(tmp_path_factory.mktemp("unproven"))
    shutil.copytree(approved.home.root, world.home.root)
    done = world.campaign("validate", "--recipe", str(world.recipe(STRICT)))
    assert done.returncode == 5, done.stdout
    assert world.read(world.home.validation)["verdict"] == "INCONCLUSIVE"
    return world


def launched(world: World, recipe: str, *flags: str) -> dict[str, Any]:
    """Ask for the launch; check that nothing was, and return the answer."""
    done = world.campaign("launch", "--recipe", str(world.recipe(recipe)), "--json", *flags)
    document: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == document["exit_code"] != 0
    assert document["launched"] is False
    assert "Traceback" not in done.stderr
    assert launches(world) == campaigns(world) == 0
    return document


# Row 24: only accepted samples are scored.


@pytest.mark.story
@pytest.mark.fault(row=24)
def test_a_foreign_log_that_scores_accepted_samples_alone(world: World) -> None:
    lines = (
        f"Sample accepted quality_score=0.9\nProgress: {n}/190\n" if n % 5 else f"Progress: {n}/190\n"
        for n in range(1, 191)
    )  # fmt: skip
    world.home.training.mkdir(parents=True)
    world.home.pilot_log.write_text("".join(lines))

    refused = world.campaign("validate", "--recipe", str(world.recipe()))

    assert refused.returncode == 1, refused.stdout
    verdict = world.read(world.home.validation)
    assert (verdict["approved"], verdict["verdict"]) == (False, "ERROR")
    assert "The denominators do not match: 152 scores for 190" in verdict["reason"]


# Row 25: tickets are lost, not at random.


@dataclass
class Losing:
    """Loses answers that the judge would think little of, until a fifth of 190 is lost."""

    teacher: Teacher
    left: int = 38

    async def answer(self, request: Request) -> Reply:
        said = await self.teacher.answer(request)
        if not self.left or DOMAIN.judge(request.ticket.item, request.prompt, said.text).quality >= 0.7:
            return said
        self.left -= 1
        return Reply(Outcome.FAILED, "", said.model)


@pytest.mark.fault(row=25)
@pytest.mark.parametrize("seed", range(5))
def test_a_pilot_of_ours_that_loses_its_worst_fifth(tmp_path: Path, seed: int) -> None:
    goal = replace(GOAL, run="pilot", kind="pilot", total=190, budget=190, seed=seed)
    run = TinyRun(tmp_path / "ledger.sqlite", goal, fault_rate=0.33, teacher=Losing)

    run.go()

    audit(run.path)
    tickets = LedgerView(run.path).judged()
    answered = [ticket for ticket in tickets if ticket.failure != "failed"]
    assert len(answered) == 190 - 38
    assert decide(answered) is Verdict.APPROVED, "what is left looks good"
    assert decide(tickets) in {Verdict.INCONCLUSIVE, Verdict.REJECTED}


def decide(tickets: Sequence[JudgedTicket]) -> Verdict:
    count, score_sum = len(tickets), sum(ticket.quality for ticket in tickets)
    evidence = Evidence(count, count, True, count, score_sum, tickets=tuple(tickets), weights={"tiny": 1.0})
    return EvidenceRule(GateSection()).decide(evidence).verdict


# Row 26: a verdict file is edited.


def into_an_approval(verdict: dict[str, Any]) -> None:
    verdict |= {"approved": True, "verdict": "APPROVED", "reason": "Quality 0.900 > 0.75: proven"}
    verdict["pilot_status"] |= {"estimated_quality": 0.9, "score_sum": 171.0, "quality_pass": True}
    for criterion in verdict["criteria"]:
        criterion |= {"passed": True}


def with_an_override_that_nobody_gave(verdict: dict[str, Any]) -> None:
    verdict["override"] = {"by": "Zelda", "reason": "a rehearsal"}


@pytest.mark.story
@pytest.mark.fault(row=26)
@pytest.mark.parametrize("edit", [into_an_approval, with_an_override_that_nobody_gave])
def test_an_unproven_verdict_that_was_edited(
    world: World, unproven: World, edit: Callable[[dict[str, Any]], None]
) -> None:
    shutil.copytree(unproven.home.root, world.home.root)
    verdict = world.read(world.home.validation)
    edit(verdict)
    world.home.validation.write_text(json.dumps(verdict))

    refused = launched(world, STRICT)

    assert refused["reason"] == "Validation failed"
    assert "not proven" in refused["cure"]


# Row 27: the plan changes after the pilot.


@pytest.mark.story
@pytest.mark.fault(row=27)
def test_a_threshold_that_was_raised_after_the_approval(world: World, approved: World) -> None:
    shutil.copytree(approved.home.root, world.home.root)

    refused = launched(world, PILOT, "--quality-threshold", "0.97")

    assert refused["reason"] == "Validation failed"
    assert "0.97" in refused["cure"]


@pytest.mark.story
@pytest.mark.fault(row=27)
def test_a_threshold_that_was_lowered_needs_a_verdict_of_its_own(world: World, unproven: World) -> None:
    shutil.copytree(unproven.home.root, world.home.root)

    refused = launched(world, STRICT, "--quality-threshold", "0.75")
    anew = world.campaign("validate", "--recipe", str(world.recipe(STRICT)), "--quality-threshold", "0.75")

    assert refused["reason"] == "Validation failed"
    assert anew.returncode == 0, anew.stderr
    verdict = world.read(world.home.validation)
    assert (verdict["verdict"], verdict["gate"]["quality_threshold"]) == ("APPROVED", 0.75)


@pytest.mark.story
@pytest.mark.fault(row=27)
def test_prompts_or_checks_that_are_others_than_the_pilots(world: World, approved: World) -> None:
    shutil.copytree(approved.home.root, world.home.root)
    pilot = world.read(world.home.validation)["pilot_status"]["run"]
    with closing(sqlite3.connect(world.home.run(pilot).ledger)) as ledger, ledger:
        ledger.execute("UPDATE run SET fingerprint = 'abcdef0123456789', code = replace(code, '\"asm\":', '\"old\":')")

    assert world.campaign("validate", "--recipe", str(world.recipe(PILOT))).returncode == 0
    refused = launched(world, PILOT)

    assert "the pilot was made by plan abcdef0123456789" in refused["error"]


@pytest.mark.slow
@pytest.mark.story
@pytest.mark.fault(row=[27, 40])
def test_a_campaign_that_another_model_answers_than_the_pilot(world: World, approved: World) -> None:
    shutil.copytree(approved.home.root, world.home.root)
    pilot = world.read(world.home.validation)["pilot_status"]["run"]
    with closing(sqlite3.connect(world.home.run(pilot).ledger)) as ledger, ledger:
        ledger.execute("UPDATE attempts SET model = 'older'")

    paused = world.campaign("auto", "--recipe", str(world.recipe(PILOT)))

    assert paused.returncode == 6, paused.stderr
    assert "and the pilot's by older" in world.state["cause"]
    accounts = LedgerView(world.home.run("full_campaign_60").ledger).accounts()
    assert accounts is not None
    assert (accounts.balanced, accounts.settled) == (True, 1)
