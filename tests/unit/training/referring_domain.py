"""The tiny domain with a judge: what its own check finds right is referred to a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tiny_domain import TinyDomain

from agents.training.sample import Judgement, Message, Referral, SourceItem


@dataclass(frozen=True)
class ReferringDomain(TinyDomain):
    """The tiny domain, whose right answers go to a judge."""

    share: float = 0.5
    at_least: float = 0.0

    def judge(self, item: SourceItem, prompt: Sequence[Message], answer: str) -> Judgement:
        found = super().judge(item, prompt, answer)
        question = (Message("user", f"Is this good: {answer}"),)
        referral = Referral(question, 5, self.share, self.at_least)
        return replace(found, referral=referral if found.quality > 0.5 else None)
