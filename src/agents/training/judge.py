"""The CPU work on a ticket: its item and prompt, its checks, and the verdict that follows.

Owns the meaning of "accepted". Pure: never asks a teacher and never stores anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from agents.campaign.failures import UNJUDGED
from agents.campaign.values import value
from agents.training.dedup import Duplicates, Trace, Twin, trace
from agents.training.domains import Domain
from agents.training.opinion import combined
from agents.training.rounds import Slot
from agents.training.sample import Check, Judgement, Message, Outcome, Reply, SourceItem, ticket_id

Domains = Mapping[str, Domain]
State = Literal["accepted", "rejected", "dead"]


@value
class Order:
    """What ``draft`` is asked for: the item of a slot, in a run with this seed."""

    run: str
    seed: int
    slot: Slot


@value
class Draft:
    """An item with its conversation and the identities of item and ticket."""

    item: SourceItem
    prompt: tuple[Message, ...]
    item_id: str
    ticket_id: str


def draft(domains: Domains, order: Order) -> Draft:
    """Return the item and the prompt of a slot."""
    slot = order.slot
    domain = domains[slot.domain]
    item = domain.item(slot.cell, slot.index, order.seed)
    prompt = domain.prompt(item, slot.variant)
    item_id = item.id
    return Draft(item, prompt, item_id, ticket_id(order.run, item_id, slot.variant))


@value
class Finding:
    """What the checks say of an answer, and its trace for the search of duplicates."""

    judgement: Judgement
    trace: Trace


def assess(domains: Domains, answered: tuple[SourceItem, tuple[Message, ...], str]) -> Finding:
    """Return the finding on an item's prompt and answer. System messages leave no trace: every sample shares them."""
    item, prompt, answer = answered
    judgement = domains[item.domain].judge(item, prompt, answer)
    told = [message.told for message in sample_of(judgement, prompt, answer) if message.role != "system"]
    return Finding(judgement, trace("\n".join(told)))


def sample_of(judgement: Judgement, prompt: tuple[Message, ...], answer: str) -> tuple[Message, ...]:
    """Return the conversation that a student learns from."""
    return judgement.sample or (*prompt, Message("assistant", answer))


def referred(finding: Finding, opinion: Reply) -> Finding:
    """Return ``finding`` with what a judge said of the answer, in which nothing is known where it said nothing."""
    said = opinion.text if opinion.outcome is Outcome.ANSWERED else None
    return replace(finding, judgement=combined(finding.judgement, said))


@value
class Verdict:
    """The end of a ticket; ``quality`` in [0, 1]; ``reason`` is a class of reasons, None for an accepted one."""

    state: State
    quality: float
    reason: str | None = None
    checks: tuple[Check, ...] = ()
    twin: int | None = None


def decide(seq: int, reply: Reply, finding: Finding | None, duplicates: Duplicates, accept_at: float) -> Verdict:
    """Return the verdict on the reply to ticket ``seq``; an accepted one is remembered in ``duplicates``."""
    is_good = finding is not None and finding.judgement.quality >= accept_at
    twin = duplicates.find(finding.trace) if finding is not None and is_good else None
    decided = verdict(reply, finding, twin, accept_at)
    if finding is not None and decided.state == "accepted":
        duplicates.add(seq, finding.trace)
    return decided


def verdict(reply: Reply, finding: Finding | None, twin: Twin | None, accept_at: float) -> Verdict:
    """Return the verdict on a reply; ``finding`` is None where there was nothing to judge.

    A reply that failed for good is dead; every other one that is not accepted is rejected. A duplicate keeps its
    quality: it is a good answer that is not needed twice. An answer that the judge failed on has none.
    """
    if finding is None:
        state: State = "dead" if reply.outcome is Outcome.FAILED else "rejected"
        return Verdict(state, 0.0, f"reply {unusable(reply)}")
    quality, checks = finding.judgement.quality, finding.judgement.checks
    if not finding.judgement.is_known:
        return Verdict("rejected", 0.0, UNJUDGED, checks)
    if quality < accept_at:
        return Verdict("rejected", quality, _worst(checks), checks)
    if twin is not None:
        return Verdict("rejected", quality, "duplicate" if twin.exact else "near-duplicate", checks, twin.seq)
    return Verdict("accepted", quality, None, checks)


def unusable(reply: Reply) -> Outcome | None:
    """Return why there is nothing to judge in a reply; None where there is."""
    if reply.outcome is Outcome.ANSWERED:
        return None if reply.text.strip() else Outcome.EMPTY
    return reply.outcome


def _worst(checks: tuple[Check, ...]) -> str:
    worst = min(checks, key=lambda check: check.score, default=None)
    return "quality" if worst is None else f"check {worst.name}"
