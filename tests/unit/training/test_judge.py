from __future__ import annotations

from tiny_domain import DOMAIN

from agents.training.dedup import Trace, Twin
from agents.training.judge import Finding, Order, Verdict, assess, draft, unusable, verdict
from agents.training.rounds import Slot
from agents.training.sample import Cell, Check, Judgement, Outcome, Reply, Ticket

DOMAINS = {"tiny": DOMAIN}
ANSWERED = Reply(Outcome.ANSWERED, "5", "m")
SLOT = Slot("tiny", Cell("sum", 1), 4, 11)


def finding(quality: float) -> Finding:
    checks = (Check("form", 1.0), Check("value", 0.1), Check("length", 0.5))
    return Finding(Judgement(quality, checks), Trace("d", b"s"))


def test_a_draft_has_the_identities_of_its_ticket() -> None:
    drafted = draft(DOMAINS, Order("run", 3, SLOT))
    assert drafted.item == DOMAIN.item(SLOT.cell, 4, 3)
    assert drafted.prompt == DOMAIN.prompt(drafted.item, 11)
    assert drafted.item_id == drafted.item.id
    assert drafted.ticket_id == Ticket("run", 99, drafted.item, 11).id


def test_system_messages_leave_no_trace() -> None:
    drafted = draft(DOMAINS, Order("run", 3, SLOT))
    with_system = assess(DOMAINS, (drafted.item, drafted.prompt, "5"))
    assert with_system == assess(DOMAINS, (drafted.item, drafted.prompt[1:], "5"))
    assert with_system.trace != assess(DOMAINS, (drafted.item, drafted.prompt, "6")).trace


def test_quality_decides_first_and_names_the_worst_check() -> None:
    assert verdict(ANSWERED, finding(0.7), None, 0.7).state == "accepted"
    low = verdict(ANSWERED, finding(0.69), Twin(1, exact=True), 0.7)
    assert (low.state, low.quality, low.reason, low.twin) == ("rejected", 0.69, "check value", None)
    unchecked = Finding(Judgement(0.2, ()), Trace("d", b"s"))
    assert verdict(ANSWERED, unchecked, None, 0.7).reason == "quality"


def test_a_duplicate_keeps_its_quality() -> None:
    for exact, reason in ((True, "duplicate"), (False, "near-duplicate")):
        decided = verdict(ANSWERED, finding(0.9), Twin(17, exact=exact), 0.7)
        assert (decided.state, decided.quality, decided.reason, decided.twin) == ("rejected", 0.9, reason, 17)


def test_nothing_to_judge_is_worth_nothing() -> None:
    assert verdict(Reply(Outcome.FAILED, "", "m"), None, None, 0.7) == Verdict("dead", 0.0, "reply failed")
    assert verdict(Reply(Outcome.REFUSED, "no", "m"), None, None, 0.7) == Verdict("rejected", 0.0, "reply refused")
    assert unusable(Reply(Outcome.ANSWERED, " \n\t", "m")) is Outcome.EMPTY
    assert unusable(ANSWERED) is None
