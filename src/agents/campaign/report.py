"""The report on a judged pilot: what was found, what failed, and what to change first.

Pure. Owns the report's document and its text. Never decides: verdicts come from ``rules``.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from agents.campaign.betting import Stratum, bounds
from agents.campaign.charts import Panel, histogram, histogram_lines, histograms_svg, interval_line
from agents.campaign.choice import choice_text
from agents.campaign.gate import Decision, Evidence, JudgedTicket, Verdict
from agents.campaign.printable import printable
from agents.campaign.recipe import GateSection
from agents.campaign.rules import EvidenceRule, ThresholdRule

Document = dict[str, Any]

THRESHOLDS = tuple(step / 100 for step in range(50, 100, 5))
"""What is tried by ``calibrate``, besides the plan's own."""
SHOWN_SAMPLES = 3
CLASSES = "A ticket is counted once: under its worst check, or under what became of its reply where none was checked."
_SHORT = 1_500
_WEAK = 0.7
"""A check that lost something, and scores at least this, is weak; below it fails."""
_MARKUP = re.compile(r"[\\`*\[\]#|&]|^>|[<>](?![\s\d])")
"""Characters that Markdown could take for its own; less and greater of a comparison stay as they are."""


def report_document(
    decision: Decision, evidence: Evidence, rejected: Iterable[Mapping[str, Any]], gate: GateSection
) -> Document:
    """Return everything that the report tells, as plain values.

    Args:
        decision: what the gate decided on ``evidence``.
        evidence: the pilot's; of somebody else's pilot it has no tickets, so domains and failures are empty.
        rejected: every settled ticket that was not accepted, as ``LedgerView.samples`` yields them.
        gate: the plan's rule.
    """
    domains = _domains(evidence, gate)
    failures = _failures(evidence, rejected)
    return {
        "verdict": decision.verdict.value,
        "reason": decision.reason,
        "recommendation": decision.recommendation,
        "rule": decision.rule,
        "quality_threshold": gate.quality_threshold,
        "error_level": gate.error_level,
        "criteria": [asdict(criterion) for criterion in decision.criteria],
        "domains": domains,
        "failures": failures,
        "advice": _advice(decision, evidence, domains, failures, gate),
        "thresholds": calibration(evidence, gate),
        "evidence_digest": evidence.digest,
    }


def calibration(evidence: Evidence, gate: GateSection) -> list[Document]:
    """Return what each threshold would have decided on ``evidence``, by either rule; the plan's own is marked."""
    rows = []
    for threshold in sorted({*THRESHOLDS, gate.quality_threshold}):
        tried = gate.model_copy(update={"quality_threshold": threshold})
        by_threshold = ThresholdRule(threshold, gate.min_samples, gate.error_level).decide(evidence)
        quality = by_threshold.criteria[-1]
        rows.append(
            {
                "threshold": threshold,
                "is_plan": threshold == gate.quality_threshold,
                "threshold_rule": by_threshold.verdict.value,
                "evidence_rule": EvidenceRule(tried).decide(evidence).verdict.value,
                "mean": quality.mean,
                "lower": quality.lower,
                "upper": quality.upper,
            }
        )
    return rows


def report_text(report: Document) -> str:
    """Return the report as Markdown that reads well in a terminal too; nothing in it comes through as markup."""
    lines = [f"# Pilot {report['verdict']}", "", _plain(report["reason"]), "", _plain(report["recommendation"]), ""]
    if report["advice"]:
        lines += ["## What to change first", "", *(f"- {_plain(sentence)}" for sentence in report["advice"]), ""]
    if report.get("choice"):
        lines += ["## Candidates", "", *fenced(choice_text(report["choice"])), ""]
    lines += ["## Criteria", "", *fenced(_criteria_table(report["criteria"])), ""]
    if any(found["log_evidence"] is not None for found in report["criteria"]):
        level = report["error_level"]
        lines += [f"A criterion is proven from a log evidence of log(1/{level:g}) = {-math.log(level):.3f} on.", ""]
    if report["domains"]:
        lines += ["## Domains", ""]
        for domain in report["domains"]:
            lines += [*fenced(_domain_lines(domain, report["quality_threshold"])), ""]
    if report["failures"]:
        lines += ["## What failed, by the number of tickets", "", CLASSES, ""]
        for failure in report["failures"]:
            lines += _failure_lines(failure)
    lines += ["## What every threshold would have done", "", *fenced(calibration_text(report["thresholds"]))]
    return "\n".join(lines) + "\n"


def calibration_text(rows: Sequence[Document]) -> str:
    """Return the table of thresholds; the plan's own has an asterisk."""
    cells = [("threshold", "threshold rule", "evidence rule", "mean", "lower", "upper")]
    cells += [
        (
            f"{row['threshold']:.4g}{'*' if row['is_plan'] else ''}",
            row["threshold_rule"],
            row["evidence_rule"],
            *(_number(row[name]) for name in ("mean", "lower", "upper")),
        )
        for row in rows
    ]
    return f"{_table(cells)}\n* the plan's own"


def report_svg(report: Document) -> str:
    """Return the histograms of all domains as one standalone SVG, with means, intervals and the threshold."""
    panels = [
        Panel(_domain_head(domain), domain["histogram"], domain["lower"], domain["mean"], domain["upper"])
        for domain in report["domains"]
    ]
    threshold = report["quality_threshold"]
    title = f"Scores of the pilot: {report['verdict']} (threshold {threshold:g}, dashed)"
    return histograms_svg(panels, threshold, title)


def fenced(text: str) -> list[str]:
    """Return printable ``text`` in a fence longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    body = [printable(line) for line in text.splitlines()]
    return [f"{fence}text", *body, fence]


def _domains(evidence: Evidence, gate: GateSection) -> list[Document]:
    if not evidence.tickets:
        return [_domain("all", evidence.scores, None, None, gate)] if evidence.scores else []
    return [
        _domain(
            name,
            [ticket.quality for ticket in tickets],
            sum(ticket.accepted for ticket in tickets) / len(tickets),
            evidence.weights.get(name),
            gate,
        )
        for name, tickets in _by_domain(evidence.tickets).items()
    ]


def _domain(
    name: str, scores: Sequence[float], acceptance: float | None, weight: float | None, gate: GateSection
) -> Document:
    lower, upper = bounds([Stratum.of(1.0, scores)], gate.error_level)
    return {
        "domain": name,
        "weight": weight,
        "n": len(scores),
        "mean": sum(scores) / len(scores),
        "acceptance": acceptance,
        "lower": lower,
        "upper": upper,
        "histogram": histogram(scores),
    }


def _by_domain(tickets: Iterable[JudgedTicket]) -> dict[str, list[JudgedTicket]]:
    ordered = sorted(tickets, key=lambda ticket: ticket.domain)
    return {name: list(group) for name, group in groupby(ordered, key=lambda ticket: ticket.domain)}


def _failures(evidence: Evidence, rejected: Iterable[Mapping[str, Any]]) -> list[Document]:
    by_reason: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for sample in rejected:
        by_reason[str(sample["reason"])].append(sample)
    ranked = sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0]))
    settled = max(1, len(evidence.tickets))
    return [
        {
            "reason": reason,
            "tickets": len(samples),
            "share": len(samples) / settled,
            "mean": sum(sample["quality"] for sample in samples) / len(samples),
            "mean_without": _mean_without(evidence, samples),
            "mean_without_it_and_those_before": _mean_without(
                evidence, [sample for _, before in ranked[: rank + 1] for sample in before]
            ),
            "samples": [_sample(sample) for sample in samples[:SHOWN_SAMPLES]],
        }
        for rank, (reason, samples) in enumerate(ranked)
    ]


def _mean_without(evidence: Evidence, samples: Sequence[Mapping[str, Any]]) -> float | None:
    """Return the weighted mean of the other tickets; None where a domain has no other."""
    total = 0.0
    by_domain = _by_domain(evidence.tickets)
    for name, weight in evidence.weights.items():
        of_domain = [ticket.quality for ticket in by_domain.get(name, ())]
        left_out = [sample["quality"] for sample in samples if sample["domain"] == name]
        if len(of_domain) <= len(left_out):
            return None
        total += weight * (sum(of_domain) - sum(left_out)) / (len(of_domain) - len(left_out))
    return total if evidence.weights else None


def _sample(sample: Mapping[str, Any]) -> Document:
    return {
        "item_id": sample["item_id"],
        "domain": sample["domain"],
        "quality": sample["quality"],
        "checks": [dict(check) for check in sample["checks"]],
        "question": _shortened(question_of(sample)),
        "answer": _shortened(sample["reply"] or ""),
    }


def _shortened(text: str) -> str:
    return text if len(text) <= _SHORT else f"{text[:_SHORT]} [... {len(text) - _SHORT} more characters]"


def _advice(
    decision: Decision,
    evidence: Evidence,
    domains: Sequence[Document],
    failures: Sequence[Document],
    gate: GateSection,
) -> list[str]:
    """Return what the numbers say should be changed, most useful first; nothing where they say nothing."""
    if decision.approved:
        return []
    said = []
    quality = next((found for found in decision.criteria if found.name == "quality"), None)
    costly = [failure for failure in failures if failure["mean_without"] is not None]
    if costly and quality is not None and quality.mean is not None:
        worst = max(costly, key=lambda failure: failure["mean_without"])
        if worst["mean_without"] > quality.mean:
            relation = "reaches" if worst["mean_without"] >= gate.quality_threshold else "still misses"
            said.append(
                f"Most is lost to '{worst['reason']}': {worst['tickets']} of {len(evidence.tickets)} tickets, which "
                f"average {worst['mean']:.3f}. Without them the mean would be {worst['mean_without']:.3f} instead of "
                f"{quality.mean:.3f}, which {relation} the threshold of {gate.quality_threshold:g}."
            )
            if relation == "still misses":
                said += _enough_together(failures, gate.quality_threshold)
    if len(domains) > 1:
        weakest, best = (choose(domains, key=lambda domain: domain["mean"]) for choose in (min, max))
        if weakest["upper"] < best["lower"]:
            said.append(
                f"Domain {weakest['domain']} is the weakest: mean {weakest['mean']:.3f} over {weakest['n']} tickets, "
                f"against {best['mean']:.3f} of {best['domain']}."
            )
    if decision.verdict is Verdict.INCONCLUSIVE:
        said += _more_samples(decision)
    return said


def _enough_together(failures: Sequence[Document], threshold: float) -> list[str]:
    """Return which of the most frequent failures would have to go for the mean to reach ``threshold``."""
    for rank, failure in enumerate(failures):
        mean = failure["mean_without_it_and_those_before"]
        if mean is not None and mean >= threshold:
            names = ", ".join(f"'{mended['reason']}'" for mended in failures[: rank + 1])
            return [f"To pass, these must go together: {names}. Without all of them the mean would be {mean:.3f}."]
    return []


def _more_samples(decision: Decision) -> list[str]:
    """Return how many tickets would close the widest gap of an unproven criterion, and what no number would prove.

    Where the first unproven one is not above its limit, more tickets are no way to go, and no number is told.
    """
    wanted: list[tuple[float, str]] = []
    hopeless: list[str] = []
    for found in decision.criteria:
        if found.passed or found.n is None or found.mean is None or found.lower is None or found.limit is None:
            continue
        if found.mean <= found.limit:
            hopeless.append(f"{found.name} (mean {found.mean:.3f}, limit {found.limit:g})")
        elif wanted or not hopeless:
            # The distance of a bound from its mean shrinks about as 1/sqrt(n).
            tickets = found.n * ((found.mean - found.lower) / (found.mean - found.limit)) ** 2
            wanted.append((tickets, f"the mean of {found.name} stays {found.mean:.3f}"))
    said = []
    if wanted:
        tickets, condition = max(wanted)
        said.append(f"If {condition}, roughly {tickets:,.0f} tickets in all would prove it.")
    if hopeless:
        also = "; mend that too" if wanted else ""
        said.append(f"More tickets like these would not prove {', '.join(hopeless)}{also}.")
    return said


def _criteria_table(criteria: Sequence[Document]) -> str:
    rows = [("", "criterion", "n", "mean", "lower", "upper", "limit", "log evidence")]
    rows += [
        (
            "pass" if found["passed"] else "FAIL",
            found["name"],
            "-" if found["n"] is None else str(found["n"]),
            *(_number(found[name]) for name in ("mean", "lower", "upper", "limit", "log_evidence")),
        )
        for found in criteria
    ]
    reasons = [f"{found['name']}: {found['reason']}" for found in criteria if not found["passed"]]
    return "\n".join([_table(rows), *reasons])


def _domain_lines(domain: Document, limit: float) -> str:
    interval = interval_line(domain["lower"], domain["mean"], domain["upper"], limit)
    return "\n".join([_domain_head(domain), interval, *histogram_lines(domain["histogram"])])


def _domain_head(domain: Document) -> str:
    accepted = "" if domain["acceptance"] is None else f", {domain['acceptance']:.1%} accepted"
    return (
        f"{domain['domain']}: {domain['n']} tickets, mean {domain['mean']:.3f} "
        f"({domain['lower']:.3f} to {domain['upper']:.3f}){accepted}"
    )


def _failure_lines(failure: Document) -> list[str]:
    without = failure["mean_without"]
    effect = "" if without is None else f"; the mean without them: {without:.3f}"
    lines = [
        f"### {_plain(failure['reason'])}",
        "",
        f"{failure['tickets']} tickets ({failure['share']:.1%}), mean quality {failure['mean']:.3f}{effect}",
        "",
    ]
    for sample in failure["samples"]:
        head = f"item {sample['item_id']} ({sample['domain']}), quality {sample['quality']:.3f}"
        lines += [*sample_block(head, sample["checks"], sample["question"], sample["answer"]), ""]
    return lines


def sample_block(head: str, checks: Sequence[Document], question: str, answer: str) -> list[str]:
    """Return a sample in a fence: ``head``, a line for each of its checks, the question and the answer."""
    lines = [_check_line(check) for check in checks]
    return fenced("\n".join([head, *lines, "", "Question:", question, "", "Answer:", answer or "(none)"]))


def question_of(sample: Mapping[str, Any]) -> str:
    """Return what the teacher was asked last for a sample, as ``LedgerView.samples`` yields it."""
    questions = [turn["content"] for turn in sample["prompt"] if turn["role"] == "user"]
    return questions[-1] if questions else ""


def _check_line(check: Document) -> str:
    mark = "ok" if check["score"] >= 1 else "weak" if check["score"] >= _WEAK else "FAIL"
    return f"{mark:4} {check['name']} {check['score']:.2f} {check['detail']}".rstrip()


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _plain(text: str) -> str:
    """Return ``text`` on one printable line, in which nothing is Markdown or HTML."""
    return _MARKUP.sub(r"\\\g<0>", printable(text))
