"""What a pilot's ledger proves, for the guards of the campaign that follows it. Never decides on a launch."""

from __future__ import annotations

from collections.abc import Iterable

from agents.campaign.betting import Stratum, lower_bound
from agents.campaign.errors import UsageError
from agents.campaign.gate import JudgedTicket
from agents.campaign.ledger_view import LedgerView
from agents.training.guards import ACCEPTANCE, QUALITY, Claims, measured


def claims_of(view: LedgerView, domains: Iterable[str], failures: Iterable[str], error_level: float) -> Claims:
    """Return what pilot ``view`` proved of quality, of acceptance and of not failing in each class of ``failures``.

    All lower bounds together are above their means with a chance of at most ``error_level``.

    Raises:
        UsageError: there is no such pilot, or it has no settled ticket of one of ``domains``.
        DamagedFileError: its ledger is damaged.
    """
    names, measures = sorted(domains), (QUALITY, ACCEPTANCE, *failures)
    tickets = view.judged()
    by_domain = {name: [ticket for ticket in tickets if ticket.domain == name] for name in names}
    if not all(by_domain.values()):
        raise UsageError(
            f"--pilot-run names {view.path.parent.name!r}, which is no pilot of these domains with settled tickets",
            "leave it out, or name the pilot that the campaign was approved on",
        )
    each = error_level / (len(names) * len(measures))
    return Claims(
        proven={name: {measure: _proven(of, measure, each) for measure in measures} for name, of in by_domain.items()},
        acceptance={name: sum(ticket.accepted for ticket in of) / len(of) for name, of in by_domain.items()},
        models=view.models(),
    )


def _proven(tickets: Iterable[JudgedTicket], measure: str, error_level: float) -> float:
    return lower_bound([Stratum.of(1.0, [measured(ticket, measure) for ticket in tickets])], error_level)
