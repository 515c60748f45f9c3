"""What the gate and the detectors of drift do, by simulation, beside what is promised of them.

Run as ``python benchmarks/gate.py``; ``--pilots`` sets how many pilots a cell has. Uses the rules of the product.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from agents.campaign.drift import Detector, alarm_level
from agents.campaign.gate import Evidence, JudgedTicket, Verdict
from agents.campaign.recipe import GateSection
from agents.campaign.rules import EvidenceRule, ThresholdRule

GATE = GateSection(acceptance_floor=0.0, most_duplicates=1.0, most_unreadable=1.0)
"""Quality alone, at the seed's threshold of 0.75 and an error level of 0.05."""
LOOKS = (190, 380, 570)
TARGET = 34_500
WEIGHTS = {"one": 0.55, "two": 0.22, "three": 0.15, "four": 0.08}
SPREAD = {"one": 0.10, "two": -0.05, "three": -0.15, "four": -0.26875}
"""How far each domain lies from the mean of all; weighted, these sum to 0."""


@dataclass(frozen=True, slots=True)
class Share:
    """``count`` of ``trials``, with its standard error."""

    count: int
    trials: int

    @property
    def percent(self) -> float:
        """The share in percent."""
        return 100 * self.count / self.trials

    def is_at_most(self, share: float) -> bool:
        """Whether the count fits a true share of at most ``share``, within three standard errors."""
        return self.count <= self.trials * share + 3 * math.sqrt(self.trials * share * (1 - share))

    def __str__(self) -> str:
        return f"{self.percent:.1f} %"


def seeded(name: str) -> Random:
    """Return the source of a scenario: the same numbers in every run."""
    return Random(name)  # noqa: S311 -- repeatable


def bimodal(rng: Random, mean: float) -> float:
    """Return a score as proved answers have it, about 0.92 when right and 0.25 when wrong; its mean is ``mean``."""
    return rng.uniform(0.84, 1.0) if rng.random() < (mean - 0.25) / 0.67 else rng.uniform(0.2, 0.3)


def graded(rng: Random, mean: float) -> float:
    """Return a score as a rubric gives it, spread around ``mean`` by about 0.13."""
    return rng.betavariate(9 * mean, 9 * (1 - mean))


def evidence(tickets: Sequence[JudgedTicket], expected: int, weights: dict[str, float]) -> Evidence:
    """Return what a pilot of ours with these tickets shows."""
    score_sum = sum(ticket.quality for ticket in tickets)
    count = len(tickets)
    return Evidence(
        expected, count, count >= expected, count, score_sum, tickets=tuple(tickets), weights=weights
    )  # fmt: skip


def pooled(rng: Random, mean: float, count: int) -> list[JudgedTicket]:
    """Return the tickets of a pilot of one domain."""
    return [JudgedTicket("one", quality, True) for quality in (bimodal(rng, mean) for _ in range(count))]


def by_domain(rng: Random, mean: float, count: int, *, best_first: bool) -> list[JudgedTicket]:
    """Return the tickets of four domains, the best one first or mixed; the weighted mean is ``mean``."""
    tickets = []
    for domain in sorted(WEIGHTS, key=lambda name: -SPREAD[name]):
        qualities = (bimodal(rng, mean + SPREAD[domain]) for _ in range(round(WEIGHTS[domain] * count)))
        tickets += [JudgedTicket(domain, quality, True) for quality in qualities]
    if not best_first:
        rng.shuffle(tickets)
    return tickets


def approved_by_threshold(pilots: int, mean: float) -> Share:
    """Return how often the seed's rule approves a pilot of 190 with this true mean."""
    rng, rule = seeded(f"threshold/{mean}"), ThresholdRule(0.75, 150)
    wins = sum(
        rule.decide(Evidence(190, 190, True, 190, sum(bimodal(rng, mean) for _ in range(190)))).approved
        for _ in range(pilots)
    )
    return Share(wins, pilots)


def judged(pilots: Iterator[list[JudgedTicket]], weights: dict[str, float], looks: Sequence[int]) -> list[Verdict]:
    """Return the first final verdict on each pilot over its top-ups, INCONCLUSIVE where none came."""
    rule, verdicts = EvidenceRule(GATE), []
    for tickets in pilots:
        found = (rule.decide(evidence(tickets[:look], look, weights)).verdict for look in looks)
        verdicts.append(next((one for one in found if one is not Verdict.INCONCLUSIVE), Verdict.INCONCLUSIVE))
    return verdicts


def share_of(verdict: Verdict, verdicts: Sequence[Verdict]) -> Share:
    """Return how many of ``verdicts`` are ``verdict``."""
    return Share(verdicts.count(verdict), len(verdicts))


def evidence_verdicts(pilots: int, mean: float, looks: Sequence[int] = LOOKS) -> list[Verdict]:
    """Return what the evidence rule says of pilots of one domain."""
    rng = seeded(f"evidence/{mean}/{looks}")
    return judged((pooled(rng, mean, max(looks)) for _ in range(pilots)), {"one": 1.0}, looks)


def domain_verdicts(pilots: int, mean: float, *, best_first: bool, stratified: bool = True) -> list[Verdict]:
    """Return the verdicts on four domains, looked at every 38 tickets; not stratified, their scores are pooled."""
    rng = seeded(f"domains/{mean}/{best_first}")

    def made() -> Iterator[list[JudgedTicket]]:
        for _ in range(pilots):
            tickets = by_domain(rng, mean, 190, best_first=best_first)
            yield tickets if stratified else [JudgedTicket("one", ticket.quality, True) for ticket in tickets]

    rule, verdicts = EvidenceRule(GATE.model_copy(update={"min_samples": 1})), []
    for tickets in made():
        weights = WEIGHTS if stratified else {"one": 1.0}
        looks = (rule.decide(evidence(tickets[:look], look, weights)).verdict for look in range(38, 191, 38))
        verdicts.append(Verdict.APPROVED if Verdict.APPROVED in looks else Verdict.INCONCLUSIVE)
    return verdicts


def lost_verdicts(pilots: int, mean: float) -> list[Verdict]:
    """Return the verdicts where a fifth of the tickets is lost, those that would have scored worst: a lost one is 0."""
    rng = seeded(f"lost/{mean}")

    def made() -> Iterator[list[JudgedTicket]]:
        for _ in range(pilots):
            tickets = sorted(pooled(rng, mean, 190), key=lambda ticket: ticket.quality)
            yield [JudgedTicket("one", 0.0, False, "failed")] * 38 + tickets[38:]

    return judged(made(), {"one": 1.0}, (190,))


def tickets_until_decided(pilots: int, mean: float) -> float:
    """Return the median number of tickets after which a pilot is decided, in steps of 190; 570 where it is not."""
    rng, rule, needed = seeded(f"needed/{mean}"), EvidenceRule(GATE), []
    for _ in range(pilots):
        tickets = pooled(rng, mean, max(LOOKS))
        decided = (
            look
            for look in LOOKS
            if rule.decide(evidence(tickets[:look], look, {"one": 1.0})).verdict is not Verdict.INCONCLUSIVE
        )
        needed.append(next(decided, max(LOOKS)))
    return sorted(needed)[len(needed) // 2]


def alarm_at(values: Iterable[float], floor: float, streams: int = 2) -> int | None:
    """Return after how many values a stream alarms, None if it never does."""
    detector, level = Detector(floor), alarm_level(TARGET, streams, 0.05)
    for number, value in enumerate(values, 1):
        detector = detector.after(value)
        if detector.evidence >= level:
            return number
    return None


def delays(runs: int, before: float, after: float, floor: float, *, is_score: bool) -> list[int]:
    """Return the delays in tickets after a fall at ticket 10,000; a false alarm before it is negative."""
    rng, found = seeded(f"drift/{before}/{after}/{floor}"), []

    def values() -> Iterator[float]:
        for number in range(TARGET):
            mean = before if number < 10_000 else after
            yield graded(rng, mean) if is_score else float(rng.random() < mean)

    for _ in range(runs):
        alarm = alarm_at(values(), floor)
        found.append(TARGET if alarm is None else alarm - 10_000)
    return found


def false_alarms(runs: int, mean: float, floor: float) -> Share:
    """Return how many whole campaigns without any drift alarm."""
    rng = seeded(f"false/{mean}")
    alarms = (alarm_at((float(rng.random() < mean) for _ in range(TARGET)), floor) for _ in range(runs))
    return Share(sum(alarm is not None for alarm in alarms), runs)


def row(*cells: object) -> None:
    """Print one line of a Markdown table."""
    print("|", " | ".join(str(cell) for cell in cells), "|", flush=True)


def head(*cells: str) -> None:
    """Print the head of a Markdown table."""
    print()
    row(*cells)
    row(*("---" for _ in cells))


def print_gate(pilots: int) -> None:
    """Print how often each rule approves and rejects, by true mean."""
    promised = {0.74: "32 / 1 / 2", 0.75: "51 / 3 / 4", 0.77: "85 / 12 / 31", 0.80: "100 / 60 / 98"}
    head("true mean", "threshold", "evidence, 190", "evidence, to 570", "promised", "rejected", "tickets, median")
    for mean, words in promised.items():
        topped = evidence_verdicts(pilots, mean)
        row(
            mean,
            approved_by_threshold(pilots, mean),
            share_of(Verdict.APPROVED, evidence_verdicts(pilots, mean, (190,))),
            share_of(Verdict.APPROVED, topped),
            words,
            share_of(Verdict.REJECTED, topped),
            tickets_until_decided(max(1, pilots // 10), mean),
        )


def print_domains(pilots: int) -> None:
    """Print how often bad pilots of four domains are approved, by the order in which the domains come."""
    head("four domains, true mean 0.75, five looks", "approved", "promised")
    for best_first in (False, True):
        order = "best first" if best_first else "mixed"
        verdicts = domain_verdicts(pilots, 0.75, best_first=best_first)
        row(f"stratified, {order}", share_of(Verdict.APPROVED, verdicts), "<= 5 %, 0.1 % seen")
    pooled_first = domain_verdicts(pilots, 0.75, best_first=True, stratified=False)
    row("pooled, best first: what the rule avoids", share_of(Verdict.APPROVED, pooled_first), "69-99.5 %")
    head("a fifth of the tickets lost, the worst ones", "approved", "promised")
    for mean in (0.75, 0.8):
        row(f"true mean {mean}", share_of(Verdict.APPROVED, lost_verdicts(pilots, mean)), "<= 5 %")


def print_drift(runs: int) -> None:
    """Print delays after a fall at ticket 10,000, and false alarms of whole campaigns."""
    head("fall", "floor", "delay: least, median, most", "alarms before the fall", "promised")
    for what, before, after, floor, words in (
        ("acceptance", 0.63, 0.45, 0.62, "205 (warn)"),
        ("acceptance", 0.63, 0.45, 0.60, "341 (pause)"),
        ("score", 0.80, 0.70, 0.78, "84-221"),
        ("score", 0.80, 0.70, 0.75, "166-589"),
    ):
        found = sorted(delays(runs, before, after, floor, is_score=what == "score"))
        early = sum(delay <= 0 for delay in found)
        late = [delay for delay in found if delay > 0] or [0]
        row(
            f"{what} {before} -> {after}", floor, f"{late[0]}, {late[len(late) // 2]}, {late[-1]}",
            f"{early} of {runs}", words,
        )  # fmt: skip
    head("no drift, 34,500 tickets", "false alarms", "promised")
    for mean, floor in ((0.63, 0.62), (0.63, 0.6), (0.6, 0.6)):
        row(f"mean {mean}, floor {floor}", false_alarms(runs, mean, floor), "<= 5 %")


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pilots", type=int, default=400, help="pilots of a cell; campaigns are a twentieth of it")
    pilots = parser.parse_args().pilots
    print_gate(pilots)
    print_domains(pilots)
    print_drift(max(10, pilots // 20))


if __name__ == "__main__":
    main()
