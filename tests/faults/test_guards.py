"""Rows about what stops a campaign of ours while it runs: drift, another model, a judge that fails, the money.

Most are runs of the real engine with a teacher or a judge that has a knob; the auditor looks at every ledger.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest
from stage_real import command
from tiny_domain import TinyDomain
from tiny_run import GOAL, TinyRun, audit, outcome
from world import World, wait_until

from agents.campaign.errors import PausedError
from agents.campaign.failures import UNJUDGED
from agents.campaign.gate import Evidence, Verdict
from agents.campaign.ledger_view import LedgerView
from agents.campaign.recipe import FailureBudgetsSection, GateSection
from agents.campaign.rules import rule_for
from agents.training import ledger
from agents.training.claims import claims_of
from agents.training.guards import ACCEPTANCE, QUALITY, Claims, Guards
from agents.training.ledger import Ledger
from agents.training.limits import Limits
from agents.training.prices import Prices
from agents.training.rounds import Goal
from agents.training.sample import Judgement, Message, Outcome, Reply, SourceItem
from agents.training.teachers import Request, Teacher


@pytest.fixture(autouse=True)
def unsynced_ledgers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that nobody cuts the power of loses nothing by it."""
    unsynced = tuple(pragma.replace("synchronous=FULL", "synchronous=OFF") for pragma in ledger.PRAGMAS)
    monkeypatch.setattr(ledger, "PRAGMAS", unsynced)


def guards_of(goal: Goal, claims: Claims | None = None) -> Guards:
    """Return the guards that a campaign has by the recipe's defaults."""
    gate = GateSection()
    return Guards.of(
        {QUALITY: gate.quality_threshold, ACCEPTANCE: gate.acceptance_floor},
        FailureBudgetsSection().model_dump(),
        claims or Claims(),
        domains=goal.weights,
        planned=goal.budget,
        error_level=0.05,
    )


def campaign(path: Path, total: int = 300, **knobs: object) -> TinyRun:
    """Return a guarded campaign that owes ``total`` samples."""
    goal = replace(GOAL, total=total, budget=3 * total)
    return replace(TinyRun(path, goal, fault_rate=0.05, guards=guards_of(goal)), **knobs)


def pilot(path: Path, **knobs: object) -> TinyRun:
    """Return a pilot of 190 tickets."""
    goal = replace(GOAL, run="pilot", kind="pilot", total=190, budget=190)
    return replace(TinyRun(path, goal, fault_rate=0.05), **knobs)


def settled(path: Path) -> int:
    accounts = LedgerView(path).accounts()
    assert accounts is not None
    return accounts.settled


def alarm_of(run: TinyRun) -> str:
    """Return which guard the run waits for a person for."""
    with Ledger.open(run.path, run.header) as opened:
        alarm = opened.standing_alarm()
    assert alarm is not None
    return alarm.guard


def answered_by(change: Callable[[Request, Reply], Reply]) -> Callable[[Teacher], Teacher]:
    """Return a teacher whose replies are changed by ``change``."""

    @dataclass
    class Changed:
        teacher: Teacher

        async def answer(self, request: Request) -> Reply:
            return change(request, await self.teacher.answer(request))

    return Changed


# Row 40: the provider serves another model.


@pytest.mark.fault(row=40)
@pytest.mark.parametrize("at", [100, pytest.param(10_000, marks=pytest.mark.slow)])
def test_another_model_in_mid_run(tmp_path: Path, at: int) -> None:
    def served(request: Request, said: Reply) -> Reply:
        return said if request.ticket.seq < at else replace(said, model="newer")

    run = campaign(tmp_path / "ledger.sqlite", total=2 * at, teacher=answered_by(served), in_flight=64)

    with pytest.raises(PausedError, match=rf"ticket {at} of tiny was answered by newer.*does not hold") as paused:
        run.go()

    audit(run.path)
    assert settled(run.path) == at + 1
    assert alarm_of(run) == "model"
    assert "campaign resume" in paused.value.cure
    assert replace(run, acknowledge=True).go().is_complete
    audit(run.path)


@pytest.mark.fault(row=[27, 40])
def test_a_model_that_is_not_the_pilots_is_noticed_on_the_first_ticket(tmp_path: Path) -> None:
    before = pilot(tmp_path / "pilot.sqlite")
    before.go()
    claims = claims_of(LedgerView(before.path), ["tiny"], (), 0.05)
    run = campaign(tmp_path / "ledger.sqlite", teacher=answered_by(lambda _, said: replace(said, model="newer")))

    with pytest.raises(PausedError, match="ticket 0 of tiny was answered by newer"):
        replace(run, guards=guards_of(run.goal, claims)).go()

    audit(run.path)
    assert settled(run.path) == 1


# Row 41: quality or acceptance falls.


@pytest.mark.fault(row=41)
@pytest.mark.parametrize("at", [300, pytest.param(10_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("guard", ["quality", "acceptance"])
def test_a_teacher_that_gets_worse(tmp_path: Path, guard: str, at: int) -> None:
    """Every second answer is nonsense from a ticket on, and one of the two guards is there to see it."""

    def worsening(request: Request, said: Reply) -> Reply:
        is_good = request.ticket.seq < at or request.ticket.seq % 2
        return said if is_good else Reply(Outcome.ANSWERED, "wrong 0", said.model)

    goal = replace(GOAL, total=2 * at, budget=6 * at)
    floors = {QUALITY: 0.0, ACCEPTANCE: 0.0, guard: 0.75 if guard == QUALITY else 0.8}
    guards = Guards.of(floors, {}, Claims(), domains=goal.weights, planned=goal.budget, error_level=0.05)
    run = TinyRun(tmp_path / "ledger.sqlite", goal, fault_rate=0.05, guards=guards, teacher=answered_by(worsening))

    with pytest.raises(PausedError, match=f"{guard} has fallen below"):
        run.go()

    audit(run.path)
    assert at < settled(run.path) <= at + 350
    assert alarm_of(run) == guard
    assert replace(run, teacher=lambda teacher: teacher, acknowledge=True).go().is_complete
    audit(run.path)


@pytest.mark.slow
@pytest.mark.story
@pytest.mark.fault(row=41)
def test_a_real_campaign_whose_teacher_gets_worse_at_ticket_10000(world: World) -> None:
    recipe = str(world.recipe("campaign: {target: 12000}\n"))
    world.variables["REHEARSE_DRIFT"] = "10000:0.45"

    drifting = world.campaign("auto", "--recipe", recipe)

    assert drifting.returncode == 6, drifting.stderr
    assert "has fallen below" in world.state["cause"]
    ledger = world.home.run("full_campaign_12000").ledger
    assert 10_000 < settled(ledger) <= 10_350
    audit(ledger)
    del world.variables["REHEARSE_DRIFT"]
    assert world.campaign("resume", "--by", "Zelda").returncode == 0
    wait_until(lambda: world.state["phase"] == "campaign_complete")
    world.check_accounts("full_campaign_12000", accepted=12_000)


# Row 42: the judge fails.


@dataclass(frozen=True)
class Unsure(TinyDomain):
    """Its judge fails on every tenth kind of operand, whatever the answer."""

    def judge(self, item: SourceItem, prompt: Sequence[Message], answer: str) -> Judgement:
        found = super().judge(item, prompt, answer)
        return replace(found, is_known=item.params["a"] % 10 != 0)


@pytest.mark.fault(row=42)
def test_a_campaign_whose_judge_fails_on_a_tenth_is_paused_by_that_budget_and_no_other(tmp_path: Path) -> None:
    run = campaign(tmp_path / "ledger.sqlite", total=1_600, domains={"tiny": Unsure()}, in_flight=64)

    with pytest.raises(PausedError, match=r"more than 0\.05 of the tickets are unjudged") as paused:
        run.go()

    audit(run.path)
    assert alarm_of(run) == UNJUDGED
    assert "guards" in paused.value.cure
    failed = [ticket for ticket in LedgerView(run.path).judged() if ticket.failure == UNJUDGED]
    assert 0.07 < len(failed) / settled(run.path) < 0.13
    assert {(ticket.quality, ticket.accepted) for ticket in failed} == {(0.0, False)}
    assert replace(run, domains={"tiny": TinyDomain()}, acknowledge=True).go().is_complete
    audit(run.path)


@pytest.mark.fault(row=42)
def test_a_pilot_whose_judge_fails_on_a_tenth_was_not_measured(tmp_path: Path) -> None:
    verdicts = {}
    for name, domain in (("sure", TinyDomain()), ("unsure", Unsure())):
        run = pilot(tmp_path / f"{name}.sqlite", domains={"tiny": domain}, fault_rate=0.0)
        run.go()
        audit(run.path)
        view = LedgerView(run.path)
        progress = view.progress()
        assert progress is not None
        evidence = Evidence.of(progress, 190, view.judged(), {"tiny": 1.0})
        verdicts[name] = rule_for(GateSection(), is_ours=True).decide(evidence)

    assert verdicts["sure"].verdict is Verdict.APPROVED
    assert verdicts["unsure"].verdict is Verdict.ERROR
    assert "The judge failed on" in verdicts["unsure"].reason


# Row 43: the money.


COSTS = "costs: {{input: 1, output: 1000, answer_tokens: 1000}}\nguards: {{max_cost: {}}}\n"
"""The built-in teacher tells of no tokens: each answer counts at what it could cost at most, a little above 1."""


@dataclass
class Till:
    """A teacher that is paid by the token, and what it was paid: the truth that the ledger must have."""

    teacher: Teacher
    prices: Prices
    paid: float = 0.0

    async def answer(self, request: Request) -> Reply:
        said = await self.teacher.answer(request)
        said = replace(said, tokens_in=40 + request.ticket.seq % 50, tokens_out=200 + request.ticket.seq * 37 % 300)
        self.paid += self.prices.cost(said) or 0.0
        return said


@dataclass
class Purse:
    """Gives every start of a run a till, and remembers them all."""

    prices: Prices = field(default_factory=lambda: Prices(input=2.0, output=8.0, answer_tokens=600))
    tills: list[Till] = field(default_factory=list)

    def teacher(self, teacher: Teacher) -> Teacher:
        self.tills.append(Till(teacher, self.prices))
        return self.tills[-1]

    @property
    def paid(self) -> float:
        return sum(till.paid for till in self.tills)


def spent(path: Path) -> float:
    """Return what a ledger says was spent: a call of unknown cost counts at its dearest."""
    with closing(sqlite3.connect(path)) as connection:
        total: float = connection.execute("SELECT total(coalesce(cost, reserved)) FROM attempts").fetchone()[0]
    return total


@pytest.mark.fault(row=43)
@pytest.mark.parametrize("in_flight", [1, 64])
def test_the_money_cap(tmp_path: Path, in_flight: int, monkeypatch: pytest.MonkeyPatch) -> None:
    purse, caps = Purse(), [0.2, 0.5]
    run = campaign(tmp_path / "ledger.sqlite", teacher=purse.teacher, prices=purse.prices, in_flight=in_flight)
    commit = Ledger.commit

    def watched(opened: Ledger) -> None:
        commit(opened)
        assert opened.spent({"": purse.prices}, {}) <= caps[0], "above the cap"

    monkeypatch.setattr(Ledger, "commit", watched)
    for _ in range(len(caps)):
        with pytest.raises(PausedError, match=r"guards\.max_cost allows") as paused:
            replace(run, limits=Limits(max_cost=caps[0])).go()
        audit(run.path)
        assert "guards.max_cost" in paused.value.cure
        assert spent(run.path) == pytest.approx(purse.paid, abs=1e-9)
        assert caps[0] - 0.01 < purse.paid <= caps[0]
        caps.pop(0)
    caps.append(100.0)

    assert replace(run, limits=Limits(max_cost=100.0)).go().is_complete
    audit(run.path)
    assert spent(run.path) == pytest.approx(purse.paid, abs=1e-9)
    undisturbed = campaign(tmp_path / "undisturbed.sqlite")
    undisturbed.go()
    assert outcome(run.path) == outcome(undisturbed.path)


class PowerCutError(Exception):
    """The process would have died here."""


@pytest.mark.fault(row=43)
def test_the_money_cap_holds_over_crashes_and_an_answer_that_was_lost_counts_at_its_dearest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    purse, left = Purse(), 0
    run = campaign(
        tmp_path / "ledger.sqlite", teacher=purse.teacher, prices=purse.prices, limits=Limits(max_cost=0.5)
    )  # fmt: skip
    commit = Ledger.commit

    def dying(opened: Ledger) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise PowerCutError
        commit(opened)

    monkeypatch.setattr(Ledger, "commit", dying)
    for survives in (3, 5, 9, 14, 20, -1):
        left = survives
        with pytest.raises((PowerCutError, PausedError)):
            run.go()
        audit(run.path)
        assert purse.paid <= spent(run.path) <= 0.5

    assert purse.paid < spent(run.path)


@pytest.mark.story
@pytest.mark.fault(row=43)
def test_the_money_cap_of_a_real_campaign(world: World) -> None:
    capped = world.campaign(*command(world, more=COSTS.format(60)))

    assert capped.returncode == 6, capped.stderr
    assert "guards.max_cost allows 60" in world.state["cause"]
    ledger = world.home.run("full_campaign_120").ledger
    audit(ledger)
    assert 58 < spent(ledger) <= 60
    assert world.campaign(*command(world, more=COSTS.format(1_000))).returncode == 0
    world.check_accounts("full_campaign_120", accepted=120)


@pytest.mark.slow
@pytest.mark.story
@pytest.mark.fault(row=43)
def test_the_money_cap_stops_a_pilot_too_and_nothing_is_decided_on_half_of_it(world: World) -> None:
    capped = world.campaign(*command(world, more=COSTS.format(10)))

    assert capped.returncode == 6, capped.stderr
    assert "guards.max_cost allows 10" in world.state["cause"]
    (ledger,) = (world.home.training / "runs").glob("*/ledger.sqlite")
    audit(ledger)
    assert 8 < spent(ledger) <= 10
    assert not world.home.validation.exists()
    assert world.campaign(*command(world, more=COSTS.format(1_000))).returncode == 0
    world.check_accounts("full_campaign_120", accepted=120)


@pytest.mark.slow
@pytest.mark.story
@pytest.mark.fault(row=43)
def test_the_money_cap_of_a_generator_that_is_killed_again_and_again(world: World) -> None:
    run, script = "full_campaign_1000", "agents.training.scripts.generate_campaign"

    def generator(cap: float) -> tuple[str, ...]:
        return (sys.executable, "-m", script, "--target", "1000", "--recipe", str(world.recipe(COSTS.format(cap))))

    for least in (20, 70, 120):
        process = world.start(*generator(600))
        wait_until(partial(has_accepted, world, run, least))
        process.kill()
        process.communicate()
        audit(world.home.run(run).ledger)
        assert spent(world.home.run(run).ledger) <= 600
    assert world.run(*generator(600)).returncode == 6
    assert 598 < spent(world.home.run(run).ledger) <= 600
    assert world.run(*generator(10_000)).returncode == 0
    world.check_accounts(run, accepted=1_000)


def has_accepted(world: World, run: str, least: int) -> bool:
    return world.accepted(run) >= least


@pytest.mark.fault(row=43)
def test_money_that_was_spent_before_it_had_a_price_counts(tmp_path: Path) -> None:
    purse = Purse()
    run = campaign(tmp_path / "ledger.sqlite", teacher=purse.teacher, prices=Prices(), limits=Limits(max_tickets=100))
    with pytest.raises(PausedError):
        run.go()
    before = purse.paid
    with pytest.raises(PausedError):
        replace(run, prices=purse.prices, limits=Limits(max_cost=0.4)).go()
    audit(run.path)
    assert 0.2 < before <= purse.paid <= 0.4
