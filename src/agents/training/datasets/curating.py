"""The passes over a run's samples that end in the lines of a dataset.

Owns their order: what leaks between splits is found once for the whole run; then, for each dataset, samples are
measured, what must not or cannot be in it is left out and counted, the rest is chosen from, and the chosen are written.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from agents.campaign.datasets import Split, SplitsSection
from agents.training.curate.contamination import Contamination
from agents.training.curate.neighbours import NOWHERE, leaking
from agents.training.curate.selection import Candidate, Pool
from agents.training.curate.splits import Splitter, by_strength
from agents.training.datasets.lengths import Lengths
from agents.training.datasets.snapshot import Sample, Snapshot
from agents.training.formats import Format, says_beside_calls
from agents.training.templates import InexpressibleError


@dataclass
class Account:
    """What became of the samples of a dataset, once its lines are read to their end.

    ``pool`` are those in it; ``left_out`` counts others by reason; ``not_chosen`` were good and too many.
    """

    pool: Pool = field(default_factory=Pool)
    left_out: Counter[str] = field(default_factory=Counter)
    not_chosen: int = 0
    lack_text: int = 0
    """Lines without what was said beside calls of tools, for which their form has no place."""


class Line(NamedTuple):
    """A line of a dataset, and the sample that it is made of."""

    row: dict[str, Any]
    candidate: Candidate


@dataclass(frozen=True)
class Curator:
    """How the samples of a run become lines of datasets of one form."""

    snapshot: Snapshot
    splits: SplitsSection
    near_duplicate: float
    max_tokens: int
    form: Format
    lengths: Lengths
    contamination: Contamination = field(default_factory=Contamination)

    @cached_property
    def leaks(self) -> array[int]:
        """The ``seq`` of samples of any domain that would repeat one of another split, sorted; found once."""
        return leaking(self.snapshot.signatures, self._ranks, self.near_duplicate)

    @cached_property
    def _ranks(self) -> bytes:
        """Of each ticket by ``seq`` the place of its split in ``by_strength``; a million tickets take 1 MB."""
        splitter = Splitter(self.splits.shares, int(self.snapshot.header.values.get("seed", 0)))
        rank = {split: at for at, split in enumerate(by_strength(self.splits.shares))}
        ranks = bytearray([NOWHERE]) * (self.snapshot.last + 1)
        for seq, group in self.snapshot.groups():
            ranks[seq] = rank[splitter.split_of(group)]
        return bytes(ranks)

    def lines(self, domains: Collection[str], at_most: int | None, account: Account) -> Iterator[Line]:
        """Yield the lines of a dataset in the order of settling, none of which leaks. Fill in ``account``.

        Where there can be more than ``at_most``, the samples are read twice: to choose, and to yield the chosen.
        """
        accepted = sum(self.snapshot.accepted.get(domain, 0) for domain in domains)
        good = self._good(domains, account)
        if at_most is None or accepted <= at_most:
            for line in good:
                account.pool.add(line.candidate)
                yield line
            return
        pool = Pool()
        for line in good:
            pool.add(line.candidate)
        account.pool = pool.chosen(at_most)
        account.not_chosen = len(pool) - len(account.pool)
        account.lack_text = 0
        yield from self._chosen(domains, account)

    def _good(self, domains: Collection[str], account: Account) -> Iterator[Line]:
        strength = by_strength(self.splits.shares)
        for sample in self.snapshot.samples(domains):
            split = strength[self._ranks[sample.seq]]
            row, tokens, reason = self._measured(sample, split)
            if reason:
                account.left_out[reason] += 1
            else:
                rank = int(sample.id, 16)
                yield self._line(
                    sample, row, Candidate(sample.seq, sample.cell, split, rank, tokens, sample.quality), account
                )

    def _chosen(self, domains: Collection[str], account: Account) -> Iterator[Line]:
        chosen = iter(account.pool)
        following = next(chosen, None)
        for sample in self.snapshot.samples(domains):
            if following is None:
                return
            if sample.seq == following.seq:
                yield self._line(sample, self.form.row(sample.messages, sample.tools), following, account)
                following = next(chosen, None)

    def _line(self, sample: Sample, row: dict[str, Any], candidate: Candidate, account: Account) -> Line:
        account.lack_text += self.form.leaves_text and says_beside_calls(sample.messages)
        row["metadata"] = sample.metadata
        return Line(row, candidate)

    def _measured(self, sample: Sample, split: Split) -> tuple[dict[str, Any], int, str]:
        """Return a sample's line, how many tokens it has, and why it is left out, "" for a good one."""
        at = bisect_left(self.leaks, sample.seq)
        if at < len(self.leaks) and self.leaks[at] == sample.seq:
            return {}, 0, f"near-duplicate of another split ({split})"
        try:
            row = self.form.row(sample.messages, sample.tools)
            text = row["text"] if "text" in row else self.form.render(sample.messages, sample.tools)
        except InexpressibleError as error:
            return {}, 0, f"format {self.form.name} cannot express it: {error}"
        if (tokens := self.lengths.count(text)) > self.max_tokens:
            return row, tokens, "too long"
        told = (turn["content"] for turn in sample.messages if turn["role"] != "system")
        return row, tokens, "contaminated" if self.contamination.is_in(told) else ""
