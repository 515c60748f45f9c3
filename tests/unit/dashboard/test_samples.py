from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime

import pytest

from agents.campaign.errors import UsageError
from agents.campaign.events import RunKind
from agents.campaign.files import write_json
from agents.campaign.home import Home
from agents.campaign.ledger_view import RunHeader
from agents.campaign.phases import Phase
from agents.campaign.workflows import Workflows
from agents.dashboard.samples import newest_samples
from agents.training.judge import Verdict
from agents.training.ledger import Issued, Ledger
from agents.training.sample import Cell, Check, Message, Outcome, Reply, SourceItem, Ticket

NOW = "2026-01-01T00:00:00+00:00"
EVIL = "\x1b[2J````\n# No\n<b>" + "x" * 5_000
GOOD, BAD = Verdict("accepted", 1.0), Verdict("rejected", 0.4, "check form", (Check("form", 0.4, EVIL),))
TWIN = Verdict("rejected", 0.9, "duplicate", (), 0)


def make_run(home: Home, name: str, verdicts: list[Verdict], kind: RunKind = "campaign") -> list[str]:
    """Make the ledger of a run; return the ids of its items."""
    with Ledger.open(home.run(name).ledger, RunHeader(name, kind, 500, "f" * 16, {}, {}, {}, NOW)) as ledger:
        tickets = [Ticket(name, n, SourceItem("asm", Cell("trace", 3), {"n": n})) for n in range(len(verdicts))]
        if tickets:
            ledger.add_round([Issued(t, t.id, t.item.id, t.seq, (Message("user", "1?"),)) for t in tickets])
        for ticket, verdict in zip(tickets, verdicts, strict=True):
            attempt = ledger.start_attempt(ticket.seq, NOW)
            ledger.finish_attempt(attempt, Reply(Outcome.ANSWERED, EVIL, "m"), NOW)
            ledger.settle(ticket, attempt, verdict, None, NOW)
        ledger.commit()
    return [ticket.item.id for ticket in tickets]


def begin_workflow(home: Home, campaign: str) -> None:
    with closing(Workflows(home.workflows)) as store:
        store.create(campaign, {}, Phase.STARTING_PILOT, datetime.now(UTC))


def test_by_default_the_newest_that_were_not_accepted_are_shown_whole_and_harmless(home: Home) -> None:
    ids = make_run(home, "full", [BAD, GOOD, TWIN])
    text = newest_samples(home, "full", 5, accepted=False).text()

    heads = [line for line in text.splitlines() if line.startswith("ticket ")]
    assert heads == [
        "ticket 2: rejected, quality 0.900, duplicate of ticket 0",
        "ticket 0: rejected, quality 0.400, check form",
    ]
    assert f"asm, trace/d3, item {ids[0]}" in text
    assert "FAIL form 0.40" in text
    assert "Question:\n1?\n" in text
    assert text.count("x" * 5_000) == 3
    assert "\x1b" not in text
    assert text.count("`````text\n") == 2
    assert text.splitlines().count("`````") == 2


def test_accepted_ones_and_a_number_can_be_asked_for(home: Home) -> None:
    make_run(home, "full", [GOOD, BAD, GOOD, GOOD])
    document = newest_samples(home, "full", 2, accepted=True).document()
    assert (document["run"], [sample["seq"] for sample in document["samples"]]) == ("full", [3, 2])
    assert newest_samples(home, "full", 2, accepted=True).text().startswith("Newest accepted samples of run full:")


def test_one_item_is_shown_whatever_became_of_it(home: Home) -> None:
    ids = make_run(home, "full", [GOOD, BAD])
    for seq, item in enumerate(ids):
        (sample,) = newest_samples(home, "full", 5, accepted=False, item=item[:10]).found
        assert sample["seq"] == seq
    with pytest.raises(UsageError, match="no accepted sample of an item"):
        newest_samples(home, "full", 5, accepted=True, item=ids[1])


def test_an_unknown_item_is_answered_with_near_ones(home: Home) -> None:
    ids = make_run(home, "full", [GOOD, BAD])
    with pytest.raises(UsageError) as refused:
        newest_samples(home, "full", 5, accepted=False, item=f"{min(ids)}0")
    assert refused.value.cure == f"near ones are {', '.join(sorted(ids))}"


def test_an_unknown_run_is_answered_with_near_names(home: Home) -> None:
    for name in ("full_campaign_500", "pilot_a", "pilot_b"):
        make_run(home, name, [])
    with pytest.raises(UsageError, match="there is no run 'full_campaign_50'") as refused:
        newest_samples(home, "full_campaign_50", 5, accepted=False)
    assert refused.value.cure == "name one: full_campaign_500, 2 more in all"
    with pytest.raises(UsageError) as refused:
        newest_samples(home, "zzz", 5, accepted=False)
    assert refused.value.cure == "name one: full_campaign_500, pilot_a, pilot_b"


def test_without_a_name_it_is_the_campaigns_or_else_the_pilots(home: Home) -> None:
    with pytest.raises(UsageError, match="no run of ours") as refused:
        newest_samples(home, None, 5, accepted=False)
    assert refused.value.cure == "make one: campaign auto"

    begin_workflow(home, "full")
    make_run(home, "pilot_a", [BAD], "pilot")
    write_json(home.pilot_status, {"run": "pilot_a"})
    assert newest_samples(home, None, 5, accepted=False).run == "pilot_a"

    make_run(home, "full", [GOOD])
    shown = newest_samples(home, None, 5, accepted=False)
    assert shown.text() == "Run full has no settled samples that were not accepted yet."
