"""Verification: every settled ticket of a run is judged again, from what its ledger has, and must come out the same.

Owns what is compared and how it is told. Pure: never reads a ledger and asks nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.training.dedup import Duplicates
from agents.training.judge import Domains, Finding, Verdict, assess, decide, referred, unusable
from agents.training.sample import Cell, Json, Message, Outcome, Reply, SourceItem, ticket_id

SHOWN = 10
"""Tickets that differ and are told one by one."""
_CLOSE = 1e-9
"""Qualities that differ by less are the same."""

Turns = Sequence[Mapping[str, Any]]
"""A conversation as chat protocols write it."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A settled ticket as its ledger has it.

    ``messages`` is the conversation that a student learns from where it is not prompt and reply; ``opinion`` is what a
    judge said last.
    """

    run: str
    id: str
    seq: int
    domain: str
    family: str
    difficulty: int
    item_id: str
    variant: int
    item: Mapping[str, Json]
    prompt: Turns
    state: str
    quality: float
    reason: str | None
    twin: int | None
    outcome: str
    model: str
    reply: str
    messages: Turns | None
    opinion: str | None


@dataclass(frozen=True, slots=True)
class Again:
    """What a stored ticket comes to now: its reply, the finding on it, and what else is not as the ledger says."""

    reply: Reply
    finding: Finding | None
    differences: tuple[str, ...]


def judge_again(domains: Domains, stored: Stored) -> Again:
    """Return what ``stored`` comes to: identities, prompt, checks and conversation are made anew from its item."""
    domain = domains[stored.domain]
    item = SourceItem(stored.domain, Cell(stored.family, stored.difficulty), stored.item)
    reply = Reply(Outcome(stored.outcome), stored.reply, stored.model)
    if item.id != stored.item_id:
        return Again(reply, None, ("the item is not the one that its id names",))
    prompt = domain.prompt(item, stored.variant)
    finding = assess(domains, (item, prompt, reply.text)) if unusable(reply) is None else None
    if finding is not None and finding.judgement.referral is not None:
        outcome = Outcome.FAILED if stored.opinion is None else Outcome.ANSWERED
        finding = referred(finding, Reply(outcome, stored.opinion or "", ""))
    told = None if finding is None else finding.judgement.sample
    is_as_stored = {
        "the ticket is not the one that its id names": ticket_id(stored.run, item.id, stored.variant) == stored.id,
        "the prompt is another one": _documents(prompt) == list(stored.prompt),
        "the conversation is another one": _documents(told) == stored.messages,
    }
    return Again(reply, finding, tuple(sentence for sentence, is_so in is_as_stored.items() if not is_so))


def _documents(turns: Sequence[Message] | None) -> list[dict[str, Json]] | None:
    return None if turns is None else [turn.document() for turn in turns]


@dataclass(slots=True)
class Tally:
    """The tickets of one domain that are accepted now, the sum of their qualities and the lowest one."""

    accepted: int = 0
    quality: float = 0.0
    lowest: float = 1.0


class Verification:
    """The tickets of a run, judged again and taken in the order in which they were settled."""

    def __init__(self, accept_at: float, near_duplicate: float) -> None:
        self._accept_at = accept_at
        self._duplicates = Duplicates(near_duplicate)
        self._domains: dict[str, Tally] = {}
        self._reasons: Counter[str] = Counter()
        self._settled = 0
        self._different = 0
        self._shown: list[str] = []

    def add(self, stored: Stored, again: Again) -> None:
        """Take in the next settled ticket; its verdict must be the stored one."""
        verdict = decide(stored.seq, again.reply, again.finding, self._duplicates, self._accept_at)
        self._settled += 1
        if verdict.state == "accepted":
            tally = self._domains.setdefault(stored.domain, Tally())
            tally.accepted += 1
            tally.quality += verdict.quality
            tally.lowest = min(tally.lowest, verdict.quality)
        else:
            self._reasons[str(verdict.reason)] += 1
        differences = [*again.differences, *_difference(stored, verdict)]
        if differences:
            self._different += 1
            if len(self._shown) < SHOWN:
                self._shown.append(f"ticket {stored.seq} ({stored.domain}): {'; '.join(differences)}")

    def document(self) -> dict[str, Any]:
        """Return what was found so far, as JSON values."""
        return {
            "settled": self._settled,
            "accepted": sum(tally.accepted for tally in self._domains.values()),
            "domains": {
                name: {
                    "accepted": tally.accepted,
                    "mean_quality": round(tally.quality / tally.accepted, 4),
                    "lowest_quality": tally.lowest,
                }
                for name, tally in sorted(self._domains.items())
            },
            "not_accepted": dict(self._reasons.most_common()),
            "different": self._different,
            "differences": list(self._shown),
        }


def _difference(stored: Stored, verdict: Verdict) -> list[str]:
    """Return how the stored verdict and the one of now differ, in a sentence; nothing where they are the same."""
    is_close = abs(verdict.quality - stored.quality) < _CLOSE
    if is_close and (verdict.state, verdict.reason, verdict.twin) == (stored.state, stored.reason, stored.twin):
        return []
    was, now = (_told(one.state, one.quality, one.reason) for one in (stored, verdict))
    return [f"it was {was}, and is {now}"]


def _told(state: str, quality: float, reason: str | None) -> str:
    return f"{state} with quality {quality:.3f}" + (f" ({reason})" if reason else "")


def verification_text(document: Mapping[str, Any]) -> str:
    """Return the document of a whole verification as a page; the text of teachers is not in it."""
    lines = [f"run {document['run']} ({document['kind']}), {document['seconds']:.0f} s", ""]
    rows = [("domain", "accepted", "mean quality", "lowest")]
    rows += [
        (name, f"{row['accepted']:,}", f"{row['mean_quality']:.3f}", f"{row['lowest_quality']:.3f}")
        for name, row in document["domains"].items()
    ]
    lines += ["  {:<16}{:>10}{:>14}{:>9}".format(*row) for row in rows]
    others = document["settled"] - document["accepted"]
    lines += [
        "",
        f"{document['accepted']:,} of {document['settled']:,} settled tickets are accepted; {others:,} are not:",
    ]
    lines += [f"  {count:>8,}  {reason}" for reason, count in document["not_accepted"].items()] or ["  none"]
    lines += ["", *document["differences"]]
    more = document["different"] - len(document["differences"])
    lines += [f"and {more:,} more"] if more else []
    return "\n".join([*lines, _conclusion(document)])


def _conclusion(document: Mapping[str, Any]) -> str:
    if not document["is_verified"]:
        count = document["different"]
        return (
            f"not verified: {count:,} {'ticket differs' if count == 1 else 'tickets differ'} from what the ledger says"
        )
    whole = "the run is complete" if document["is_complete"] else "the run is not complete yet"
    return f"verified: each of them was judged again and came out as the ledger says; {whole}"
