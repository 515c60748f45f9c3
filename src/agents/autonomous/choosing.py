"""The trials of a plan's candidates: their runs, what they show, and the plan of the candidate that was chosen.

Never ranks candidates: that is ``choice``.
"""

from __future__ import annotations

import asyncio

from agents.autonomous.generators import Generator, trial_generator
from agents.campaign.choice import Choice, choose
from agents.campaign.errors import UsageError
from agents.campaign.home import Home
from agents.campaign.ledger_view import LedgerView
from agents.campaign.plan import Plan
from agents.campaign.workflows import Workflow


class Trials:
    """The trials of the candidates of ``plan``; where the choice stands is read from their ledgers alone."""

    def __init__(self, plan: Plan, home: Home) -> None:
        self._plan = plan
        self._home = home
        self.runs: dict[str, str] = {}
        """The run of each candidate's trial, once somebody looked."""
        self._generators: dict[tuple[str, int], Generator] = {}

    async def look(self) -> Choice:
        """Return where the choice stands; raises CampaignError where a candidate could not be tried at all."""
        if not self.runs:
            first = choose(self._plan.recipe, {})
            trials = await asyncio.gather(*(self.generator(name, first.tickets) for name in first.wanted))
            self.runs = {name: trial.run for name, trial in zip(first.wanted, trials, strict=True)}
        ledgers = {name: LedgerView(self._home.run(run).ledger) for name, run in self.runs.items()}
        return choose(self._plan.recipe, {name: ledger.tried() for name, ledger in ledgers.items()})

    async def generator(self, name: str, tickets: int) -> Generator:
        """Return the generator of the trial of candidate ``name`` with ``tickets`` tickets; raises CampaignError."""
        key = name, tickets
        if key not in self._generators:
            self._generators[key] = await trial_generator(self._plan.with_candidate(name), self._home, tickets)
        return self._generators[key]


def chosen_plan(plan: Plan, workflow: Workflow | None) -> Plan:
    """Return the plan of the candidate that ``workflow`` has chosen; ``plan`` itself where it has chosen none.

    Raises:
        UsageError: the recipe has candidates, and that one is no longer among them.
    """
    name = workflow.results.get("candidate") if workflow else None
    if workflow is None or name is None or not plan.recipe.candidates:
        return plan
    if name not in plan.recipe.candidates:
        raise UsageError(
            f"campaign {workflow.run} goes to candidate {name!r}, which is no longer in the recipe",
            "put it back, or give the campaign another name: campaign.output_name in the recipe",
        )
    return plan.with_candidate(name)
