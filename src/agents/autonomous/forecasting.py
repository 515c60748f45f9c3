"""The forecast of a plan's campaign, from the pilot that was made by the same plan. Never launches."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from agents.autonomous.choosing import chosen_plan
from agents.autonomous.generators import Generator, campaign_generator, pilot_generator
from agents.campaign.errors import CampaignError, UsageError
from agents.campaign.forecast import Forecast, forecast, obstacles_at_best
from agents.campaign.forecast.page import forecast_document
from agents.campaign.forecast.pilot import Pilot
from agents.campaign.home import Home
from agents.campaign.ledger_view import LedgerView
from agents.campaign.plan import Plan
from agents.campaign.workflows import Workflows


class NoPilotError(UsageError):
    """There is nothing to forecast from."""


def build_forecast(home: Home, plan: Plan, generator: Generator, pilot: str) -> Forecast:
    """Return the forecast of ``generator``, which is that of the plan's campaign, from the run ``pilot``.

    Raises:
        NoPilotError: that is no run of ours, was made by another plan, or has no finished ticket of some domain.
        DamagedFileError: its ledger is damaged.
    """
    view = LedgerView(home.run(pilot).ledger)
    header = view.header()
    if header is None or header.kind != "pilot" or header.fingerprint != generator.fingerprint:
        raise NoPilotError(
            "there is no pilot of this plan yet", "make one: campaign auto --no-auto-launch with the same recipe"
        )
    accepted: dict[str, list[bool]] = {name: [] for name in sorted(plan.recipe.domains)}
    for ticket in view.judged():
        accepted.setdefault(ticket.domain, []).append(ticket.accepted)
    missing = [name for name in plan.recipe.domains if not accepted[name]]
    if missing:
        raise NoPilotError(
            f"pilot {pilot} has no finished ticket of {', '.join(missing)} yet", "see how far it is: campaign status"
        )
    calls = view.calls()
    began = datetime.fromisoformat(header.created).timestamp()
    startup = max(0.0, calls[0].began - began) if calls else 0.0
    return forecast(plan.recipe, Pilot(accepted, calls, startup), generator.capacity)


def check_reachable(plan: Plan, generator: Generator) -> None:
    """Raise CampaignError where the plan's campaign, ``generator``, misses its target whatever its pilot shows."""
    if generator.is_ours:
        _refuse(obstacles_at_best(plan.recipe, generator.capacity))


def launchable_forecast(home: Home, plan: Plan, generator: Generator, pilot: str) -> Forecast | None:
    """Return the forecast of the plan's campaign from run ``pilot``; None where that is no pilot to forecast from.

    Raises:
        CampaignError: the campaign cannot reach its target.
    """
    try:
        found = build_forecast(home, plan, generator, pilot)
    except NoPilotError:
        check_reachable(plan, generator)
        return None
    _refuse(found.obstacles)
    return found


def _refuse(obstacles: Sequence[str]) -> None:
    if obstacles:
        raise CampaignError(
            f"the target cannot be reached: {'; '.join(obstacles)}",
            "change the recipe as it says and run the same command again; try changes with campaign plan",
        )


def forecast_of(home: Home, plan: Plan) -> tuple[dict[str, Any] | None, str | None]:
    """Return the document of the forecast of ``plan``, or None and why there is none.

    ``begun`` tells how many samples its campaign has accepted and how many tickets it has finished, where it has begun.
    Without a pilot, the reason tells what stands in the way however good a pilot will be.
    """
    if plan.recipe.campaign.command is not None:
        return None, "what somebody else's generator takes is not known"
    try:
        plan = _chosen(home, plan)
        campaign, pilot = asyncio.run(_generators(plan, home))
        document = forecast_document(build_forecast(home, plan, campaign, pilot.run))
        accounts = LedgerView(home.run(campaign.run).ledger).accounts()
    except NoPilotError as error:
        hopeless = [f"whatever it shows, {sentence}" for sentence in obstacles_at_best(plan.recipe, campaign.capacity)]
        return None, "; ".join([f"{error.what}; {error.cure}", *hopeless])
    except CampaignError as error:
        return None, f"{error.what}; {error.cure}"
    begun = None if accounts is None else {"accepted": accounts.accepted, "tickets": accounts.settled}
    return {**document, "begun": begun}, None


def _chosen(home: Home, plan: Plan) -> Plan:
    """Return the plan of the candidate that the workflow of ``plan`` has chosen, if it has."""
    if not (plan.recipe.candidates and home.workflows.exists()):
        return plan
    with contextlib.closing(Workflows(home.workflows)) as store:
        return chosen_plan(plan, store.find(plan.recipe.campaign.name))


async def _generators(plan: Plan, home: Home) -> tuple[Generator, Generator]:
    return await asyncio.gather(campaign_generator(plan, home), pilot_generator(plan, home))
