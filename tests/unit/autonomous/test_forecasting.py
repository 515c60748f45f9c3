from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from stage import FINGERPRINT, PILOT_RUN, Stage, make_ledger, plan

from agents.autonomous.campaign_launcher import CampaignLauncher
from agents.autonomous.forecasting import NoPilotError, build_forecast, forecast_of
from agents.autonomous.generators import campaign_generator
from agents.autonomous.pilot_quality_monitor import CampaignValidator, PilotQualityMonitor
from agents.campaign.files import read_json
from agents.campaign.forecast import Forecast
from agents.campaign.forecast.pilot import Call
from agents.campaign.home import Home
from agents.campaign.ledger_view import LedgerView, RunHeader
from agents.campaign.plan import Plan
from agents.training.judge import Verdict
from agents.training.ledger import Issued, Ledger
from agents.training.sample import Cell, Message, Outcome, Reply, SourceItem, Ticket

NOON = datetime(2026, 1, 1, 12).astimezone()
RUN = "full_campaign_34500"


def after(seconds: float) -> str:
    return (NOON + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def make_pilot(home: Home, replies: list[list[Reply]], seconds: float = 10.0, reserved: float | None = None) -> Path:
    """Make a pilot that begins 5 s after noon and asks one request after the other; a last answer is accepted."""
    header = RunHeader(PILOT_RUN, "pilot", 190, FINGERPRINT, {"domains.asm.weight": 1.0}, {}, {}, after(0))
    path = home.run(PILOT_RUN).ledger
    moment = 5.0
    with Ledger.open(path, header) as ledger:
        tickets = [Ticket(PILOT_RUN, n, SourceItem("asm", Cell("f", 1), {"n": n})) for n in range(len(replies))]
        ledger.add_round([Issued(t, t.id, t.item.id, t.seq, (Message("user", "?"),)) for t in tickets])
        for ticket, tried in zip(tickets, replies, strict=True):
            for reply in tried:
                attempt = ledger.start_attempt(ticket.seq, after(moment), reserved)
                moment += seconds
                cost = None if reply.tokens_in is None else 0.01
                ledger.finish_attempt(attempt, reply, after(moment), cost)
            is_good = tried[-1].outcome is Outcome.ANSWERED
            verdict = Verdict("accepted" if is_good else "dead", float(is_good), None if is_good else "reply", (), None)
            ledger.settle(ticket, attempt, verdict, None, after(moment))
        ledger.commit()
    return path


def answered(tokens: int | None = 100) -> Reply:
    return Reply(Outcome.ANSWERED, "!", "m", tokens, tokens)


FAILED = Reply(Outcome.FAILED, "", "m")


def built(home: Home, recipe: Plan | None = None, pilot: str = PILOT_RUN) -> Forecast:
    recipe = recipe or plan()
    return build_forecast(home, recipe, asyncio.run(campaign_generator(recipe, home)), pilot)


# From a ledger.


def test_the_calls_of_a_ledger_are_read_as_they_were_made(home: Home) -> None:
    path = make_pilot(home, [[answered()], [FAILED, answered()], [answered(None)]])
    began = NOON.timestamp() + 5
    assert LedgerView(path).calls() == [
        Call(0, began, began + 10, 100, 100, 0.01, 0.01),
        Call(1, began + 10, began + 20, 0, 0, 0.0, 0.0),
        Call(1, began + 20, began + 30, 100, 100, 0.01, 0.01),
        Call(2, began + 30, began + 40),
    ]
    assert LedgerView(home.run("none").ledger).calls() == []


def test_what_was_reserved_counts_where_the_cost_is_not_told(home: Home) -> None:
    path = make_pilot(home, [[answered()], [FAILED, answered(None)]], reserved=0.5)
    assert [(call.cost, call.charged) for call in LedgerView(path).calls()] == [
        (0.01, 0.01),
        (0.0, 0.5),
        (None, 0.5),
    ]


def test_a_request_that_was_lost_took_nothing_that_is_known(home: Home) -> None:
    path = make_pilot(home, [[answered()]])
    with Ledger.open(path, LedgerView(path).header()) as ledger:  # type: ignore[arg-type]
        item = SourceItem("asm", Cell("f", 1), {"n": 9})
        ticket = Ticket(PILOT_RUN, 1, item)
        ledger.add_round([Issued(ticket, ticket.id, item.id, 1, (Message("user", "?"),))])
        ledger.start_attempt(1, after(60))
        ledger.commit()
    with Ledger.open(path, LedgerView(path).header()):  # type: ignore[arg-type]
        pass
    assert [call.ticket for call in LedgerView(path).calls()] == [0]


def test_money_tokens_and_time_come_from_the_ledger(home: Home, stage: Stage) -> None:
    make_pilot(home, [[answered()]] * 180 + [[FAILED, answered()]] * 10, seconds=36.0)
    found = built(home, plan(campaign__target=1_000, speed__in_flight=1))
    assert found.pilot_tickets == 190
    assert found.cost is not None
    assert found.cost.low == pytest.approx(10.0)
    assert found.tokens_in is not None
    assert found.tokens_in.expected == pytest.approx(100_000)
    assert found.hours is not None
    assert 10.0 < found.hours.low < found.hours.expected < found.hours.high < 12.0


def test_what_the_teacher_does_not_tell_is_not_known(home: Home, stage: Stage) -> None:
    make_pilot(home, [[answered()]] * 189 + [[answered(None)]])
    found = built(home)
    assert (found.cost, found.tokens_in, found.tokens_out) == (None, None, None)
    assert found.hours is not None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda home: None, "no pilot of this plan"),
        (lambda home: make_ledger(home, PILOT_RUN, [0.9] * 190, fingerprint="a" * 16), "no pilot of this plan"),
        (lambda home: make_ledger(home, PILOT_RUN, [0.9] * 190, kind="campaign"), "no pilot of this plan"),
        (lambda home: make_ledger(home, PILOT_RUN, []), "no finished ticket of asm yet"),
    ],
    ids=["none", "another plan's", "a campaign", "just begun"],
)
def test_there_may_be_nothing_to_forecast_from(home: Home, stage: Stage, change: Any, why: str) -> None:
    change(home)
    with pytest.raises(NoPilotError, match=why):
        built(home)


def test_a_pilot_that_lacks_a_domain_of_the_plan_tells_nothing(home: Home, stage: Stage) -> None:
    make_ledger(home, PILOT_RUN, [0.9] * 190)
    two = plan(domains__asm__weight=0.5, domains__yaze__weight=0.5)
    with pytest.raises(NoPilotError, match="no finished ticket of yaze"):
        built(home, two)


# For ``campaign plan``.


def test_the_document_says_whether_the_campaign_has_begun(home: Home, stage: Stage) -> None:
    make_ledger(home, PILOT_RUN, [0.9] * 190)
    document, reason = forecast_of(home, plan())
    assert document is not None
    assert (document["begun"], reason) == (None, None)
    path = make_ledger(home, RUN, [0.9] * 30 + [0.1] * 10, kind="campaign", total=34_500)
    with Ledger.open(path, LedgerView(path).header()) as ledger:  # type: ignore[arg-type]
        ticket = Ticket(RUN, 40, SourceItem("asm", Cell("f", 1), {"n": "open"}))
        ledger.add_round([Issued(ticket, ticket.id, ticket.item.id, 40, (Message("user", "?"),))])
    document, _ = forecast_of(home, plan())
    assert document is not None
    assert document["begun"] == {"accepted": 30, "tickets": 40}
    assert document["tickets"]["low"] == pytest.approx(34_500)


def test_without_a_pilot_the_reason_says_how_to_get_one(home: Home, stage: Stage) -> None:
    document, reason = forecast_of(home, plan())
    assert document is None
    assert reason == (
        "there is no pilot of this plan yet; make one: campaign auto --no-auto-launch with the same recipe"
    )


def test_what_no_pilot_can_cure_is_said_before_it_is_made(home: Home, stage: Stage) -> None:
    stage.capacity = 6_591
    _, reason = forecast_of(home, plan())
    assert reason is not None
    assert "whatever it shows, asm has 6,591 items, and its 34,500 samples take 34,500 tickets" in reason
    assert reason.endswith("or lower campaign.target to 6,591")


def test_what_somebody_elses_generator_takes_is_not_known(home: Home, stage: Stage) -> None:
    assert forecast_of(home, plan(campaign__command=["true"])) == (
        None,
        "what somebody else's generator takes is not known",
    )


def test_a_damaged_pilot_is_a_reason_and_no_traceback(home: Home, stage: Stage) -> None:
    make_ledger(home, PILOT_RUN, [0.9] * 190).write_bytes(b"not a ledger at all")
    document, reason = forecast_of(home, plan())
    assert document is None
    assert "is damaged" in str(reason)


# At the launch.


def approve(home: Home) -> None:
    make_ledger(home, PILOT_RUN, [0.9] * 190)
    PilotQualityMonitor(run=PILOT_RUN, home=home).look()
    asyncio.run(CampaignValidator(home=home).run_task())


def launched(home: Home, **values: Any) -> dict[str, Any]:
    document = asyncio.run(CampaignLauncher(home=home, plan=plan(**values)).run_task())
    assert read_json(home.launch_status) == document
    return document


def test_the_launch_keeps_its_forecast(home: Home, stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    approve(home)
    with caplog.at_level("INFO"):
        document = launched(home)
    assert document["forecast"]["tickets"]["low"] == pytest.approx(34_500)
    assert document["forecast"]["doubts"] == []
    assert "Forecast: 34,500 (34,500 to " in caplog.text


def test_a_campaign_that_cannot_reach_its_target_is_not_launched(home: Home, stage: Stage) -> None:
    approve(home)
    stage.capacity = 6_591
    document = launched(home)
    assert (document["launched"], document["exit_code"]) == (False, 1)
    assert "the target cannot be reached: asm has 6,591 items" in document["reason"]
    assert "lower campaign.target to 6," in document["reason"]
    assert "campaign plan" in document["cure"]
    assert stage.started == []

    reachable = int(document["reason"].rpartition("campaign.target to ")[2].replace(",", ""))
    cured = launched(home, campaign__target=reachable)
    assert cured["launched"] is True
    assert cured["forecast"]["doubts"] == []


def test_a_doubtful_campaign_is_launched_with_a_warning(
    home: Home, stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    approve(home)
    document = launched(home, guards__max_tickets=34_600)
    assert document["launched"] is True
    (doubt,) = document["forecast"]["doubts"]
    assert "guards.max_tickets allows 34,600 tickets" in doubt
    assert f"It may pause before its target: {doubt}" in caplog.text


def test_a_pilot_of_somebody_else_leaves_what_is_certain(home: Home, stage: Stage) -> None:
    home.pilot_log.write_text("".join(f"quality_score: 0.9\nProgress: {done}/190\n" for done in range(1, 191)))
    PilotQualityMonitor(home=home, checkpoint_interval=0).look()
    asyncio.run(CampaignValidator(home=home).run_task())
    stage.capacity = 6_591
    assert "the target cannot be reached: asm has 6,591 items" in launched(home)["reason"]
    document = launched(home, campaign__target=6_591)
    assert document["launched"] is True
    assert "forecast" not in document
