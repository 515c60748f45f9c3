"""What a pilot's ledger proves, for the guards of the campaign that follows it. Never decides on a launch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agents.campaign.betting import Stratum, bounds
from agents.campaign.errors import UsageError
from agents.campaign.ledger_view import LedgerView
from agents.training.guards import Claims, DomainClaims


def claims_of(view: LedgerView, weights: Mapping[str, float], error_level: float) -> Claims:
    """Return what pilot ``view`` proved, each lower bound of a mean at ``error_level``, and its models.

    Those of single domains share that level.

    Raises:
        UsageError: there is no such pilot, or it has no settled ticket of a domain in ``weights``.
        DamagedFileError: its ledger is damaged.
    """
    tickets = view.judged()
    by_domain = {name: [ticket for ticket in tickets if ticket.domain == name] for name in weights}
    if not all(by_domain.values()):
        raise UsageError(
            f"--pilot-run names {view.path.parent.name!r}, which is no pilot of these domains with settled tickets",
            "leave it out, or name the pilot that the campaign was approved on",
        )
    quality = [Stratum.of(weights[name], [seen.quality for seen in of]) for name, of in by_domain.items()]
    accepted = [Stratum.of(weights[name], [float(seen.accepted) for seen in of]) for name, of in by_domain.items()]
    each = error_level / len(weights)
    domains = {
        name: DomainClaims(
            bounds([replace(scores, weight=1.0)], each)[0], bounds([replace(good, weight=1.0)], each)[0], good.mean
        )
        for name, scores, good in zip(by_domain, quality, accepted, strict=True)
    }
    return Claims(bounds(quality, error_level)[0], bounds(accepted, error_level)[0], view.models(), domains)
