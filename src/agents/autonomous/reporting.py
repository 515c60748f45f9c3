"""Reports on a pilot, from its status document and its ledger.

Owns which files a report is made from and where it is put. Never changes a verdict.
"""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import Any

from agents.autonomous.choosing import chosen_plan
from agents.autonomous.pilot_quality_monitor import decide, evidence_for
from agents.campaign.errors import CampaignError, UsageError
from agents.campaign.files import read_json, replace_file, write_json
from agents.campaign.home import Home
from agents.campaign.ledger_view import LedgerView
from agents.campaign.plan import Plan, plan_for
from agents.campaign.report import Document, calibration, report_document, report_svg, report_text
from agents.campaign.workflows import Workflow, Workflows


def build_report(home: Home, plan: Plan, workflow: Workflow | None = None) -> Document:
    """Return the report on the pilot of ``home``, judged by ``plan`` now, with the choice that ``workflow`` made.

    Raises:
        UsageError: there is no pilot.
        CampaignError: its evidence cannot be read, or was made with another plan.
    """
    status = _pilot_status(home)
    decision, _, evidence = decide(status, plan, home)
    run = status.get("run")
    rejected = LedgerView(home.run(str(run)).ledger).samples(accepted=False) if run else ()
    choice = workflow.results.get("choice_result") if workflow else None
    return {"run": run, "choice": choice, **report_document(decision, evidence, rejected, plan.recipe.gate)}


def build_calibration(home: Home, plan: Plan) -> list[Document]:
    """Return what every threshold would decide on the pilot of ``home``; raises as ``build_report`` does."""
    return calibration(evidence_for(_pilot_status(home), plan, home)[0], plan.recipe.gate)


def write_report(home: Home, plan: Plan, workflow: Workflow | None = None) -> None:
    """Write the report beside the verdict; where that is impossible, warn: a verdict stands without its report."""
    try:
        report = build_report(home, plan, workflow)
        write_json(home.training / "pilot_report.json", report)
        replace_file(home.training / "pilot_report.md", report_text(report).encode())
        replace_file(home.training / "pilot_report.svg", report_svg(report).encode())
    except (CampaignError, OSError) as error:
        logging.getLogger("Report").warning("The pilot's report was not written: %s", error)


def plan_of(home: Home, recipe: Path | None) -> tuple[Plan, Workflow | None]:
    """Return the plan of ``recipe``, else that of the newest workflow, else the default one; and its workflow, if any.

    Where that workflow has chosen a candidate, it is the candidate's plan.
    """
    workflow = None
    if home.workflows.exists():
        with contextlib.closing(Workflows(home.workflows)) as store:
            workflow = store.newest()
    plan = plan_for({}, recipe) if recipe or workflow is None else Plan.parsed(workflow.plan)
    if workflow is not None and workflow.run != plan.recipe.campaign.name:
        workflow = None
    return chosen_plan(plan, workflow), workflow


def _pilot_status(home: Home) -> dict[str, Any]:
    status = read_json(home.pilot_status)
    if status is None:
        raise UsageError("there is no pilot to report on", "run one: campaign auto, or watch one: campaign monitor")
    return status
