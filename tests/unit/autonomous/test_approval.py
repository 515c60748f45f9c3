from __future__ import annotations

from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from stage import HandClock, plan

from agents.autonomous.approval import approve_waiting
from agents.campaign.errors import AlreadyRunningError, UsageError
from agents.campaign.gate import approval_key
from agents.campaign.home import Home
from agents.campaign.lease import Lease, is_held
from agents.campaign.phases import Happening, Phase
from agents.campaign.plan import plan_for
from agents.campaign.workflows import Workflows

PLAN = plan(campaign__target=20, campaign__auto_launch=False)
GOOD = {"verdict": "APPROVED", "reason": "good", "fingerprint": "f" * 16, "evidence_digest": "e" * 16}
KEY = approval_key("e" * 16, PLAN.recipe.gate)


def waiting(home: Home, verdict: dict[str, str], happening: Happening = Happening.APPROVAL_NEEDED) -> None:
    """Store a workflow that waits for a person on ``verdict``."""
    now = HandClock().now()
    phase = Phase.VALIDATION_COMPLETE if happening is Happening.APPROVAL_NEEDED else Phase.VALIDATING_PILOT
    with closing(Workflows(home.workflows)) as store:
        workflow = store.create("full", PLAN.document(), phase, now)
        store.move(workflow, happening, {"validation_result": verdict}, now)


def approvals(home: Home) -> list[tuple[str, ...]]:
    with closing(Workflows(home.workflows)) as store:
        return store._database.execute(
            "SELECT fingerprint, evidence, approver, reason, overruled, at FROM approvals"
        ).fetchall()


def test_an_approval_is_recorded_with_name_and_reason_and_gives_the_plan_to_go_on_with(home: Home) -> None:
    waiting(home, GOOD)
    found = approve_waiting(home, "Zelda", "read twenty samples")
    assert found.recipe == PLAN.recipe
    ((*recorded, at),) = approvals(home)
    assert recorded == ["f" * 16, KEY, "Zelda", "read twenty samples", None]
    assert datetime.fromisoformat(at).utcoffset() is not None
    assert not is_held(home.orchestrator_lease)


def test_where_there_is_no_store_none_is_made(home: Home) -> None:
    with pytest.raises(UsageError, match="no workflow waits"):
        approve_waiting(home, "Zelda", "")
    assert list(home.training.iterdir()) == []


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.AWAITING_APPROVAL])
def test_only_one_that_waits_can_be_approved(home: Home, phase: Phase) -> None:
    with closing(Workflows(home.workflows)) as store:
        store.create("full", PLAN.document(), phase, HandClock().now())
    with pytest.raises(UsageError, match="no workflow waits"):
        approve_waiting(home, "Zelda", "")
    assert approvals(home) == []


@pytest.mark.parametrize("verdict", ["INCONCLUSIVE", "REJECTED", "ERROR", "PENDING"])
def test_a_verdict_that_is_not_an_approval_is_not_settled_by_a_name(home: Home, verdict: str) -> None:
    waiting(home, GOOD | {"verdict": verdict, "reason": "too few"}, Happening.UNDECIDED)
    with pytest.raises(UsageError, match=f"the verdict is {verdict}: too few"):
        approve_waiting(home, "Zelda", "")
    assert approvals(home) == []


@pytest.mark.parametrize("verdict", ["INCONCLUSIVE", "REJECTED"])
def test_an_override_is_recorded_with_the_verdict_that_it_overrules(home: Home, verdict: str) -> None:
    happening = Happening.UNDECIDED if verdict == "INCONCLUSIVE" else Happening.NOT_APPROVED
    waiting(home, GOOD | {"verdict": verdict, "reason": "too few"}, happening)
    approve_waiting(home, "Zelda", "only a rehearsal", override=True)
    ((*recorded, _),) = approvals(home)
    assert recorded == ["f" * 16, KEY, "Zelda", "only a rehearsal", verdict]


@pytest.mark.parametrize(
    ("verdict", "reason", "words"),
    [
        ("ERROR", "because", "could not be measured cannot be overruled"),
        ("PENDING", "because", "could not be measured cannot be overruled"),
        ("INCONCLUSIVE", "  ", "an override needs a reason"),
    ],
)
def test_what_was_not_measured_cannot_be_overruled_nor_anything_without_a_reason(
    home: Home, verdict: str, reason: str, words: str
) -> None:
    waiting(home, GOOD | {"verdict": verdict, "reason": "no scores"}, Happening.UNDECIDED)
    with pytest.raises(UsageError, match=words):
        approve_waiting(home, "Zelda", reason, override=True)
    assert approvals(home) == []


def test_while_an_orchestrator_works_nobody_approves(home: Home) -> None:
    waiting(home, GOOD)
    with Lease(home.orchestrator_lease, "Orchestrator"), pytest.raises(AlreadyRunningError):
        approve_waiting(home, "Zelda", "")
    assert approvals(home) == []


def test_an_approval_is_of_the_evidence_and_of_the_gate_that_judged_it(home: Home) -> None:
    assert approval_key("e" * 16, plan(gate__quality_threshold=0.9).recipe.gate) != KEY
    assert approval_key("0" * 16, PLAN.recipe.gate) != KEY


def test_a_recipe_that_was_changed_since_the_verdict_is_judged_first(home: Home, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("campaign: {target: 20, auto_launch: false}\n")
    with closing(Workflows(home.workflows)) as store:
        workflow = store.create(
            "full", plan_for({}, recipe, {}).document(), Phase.VALIDATION_COMPLETE, HandClock().now()
        )
        store.move(workflow, Happening.APPROVAL_NEEDED, {"validation_result": GOOD}, HandClock().now())
    recipe.write_text("campaign: {target: 20, auto_launch: false}\nteacher: {fault_rate: 0.5}\n")
    with pytest.raises(UsageError, match="changed since that verdict"):
        approve_waiting(home, "Zelda", "")
    recipe.write_text("campaign: {target: 20, auto_launch: false}\n")
    assert approve_waiting(home, "Zelda", "").recipe_path == recipe
