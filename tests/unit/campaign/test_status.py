from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from agents.campaign.events import Progressed, RunStarted, SampleScored, Unreadable
from agents.campaign.gate import Evidence
from agents.campaign.progress import Progress, fold
from agents.campaign.rules import ThresholdRule
from agents.campaign.status import campaign_document, pilot_document, validation_document

NOW = datetime(2025, 12, 21, 6, 50, 15, tzinfo=UTC)
NUMBER, MAYBE = (int, float), (float, type(None))

PILOT_FIELDS: dict[str, Any] = {
    "progress": int,
    "total": int,
    "quality_scores": list,
    "acceptance_rate": MAYBE,
    "accepted": int,
    "rejected": int,
    "is_complete": bool,
    "last_update": str,
    "estimated_quality": MAYBE,
    "quality_threshold": float,
    "quality_pass": (bool, type(None)),
    "monitor_timestamp": str,
}
VALIDATION_FIELDS: dict[str, Any] = {
    "approved": bool,
    "verdict": str,
    "reason": str,
    "recommendation": str,
    "checks": dict,
    "pilot_status": dict,
    "validation_timestamp": str,
    "fingerprint": str,
}
CAMPAIGN_FIELDS: dict[str, Any] = {
    "progress": int,
    "total": int,
    "percentage": float,
    "is_running": bool,
    "last_update": str,
    "state": str,
    "rate_per_minute": MAYBE,
    "eta": (str, type(None)),
}

EMPTY = Progress("log")
SEED = fold(EMPTY, [*[SampleScored(0.82, True)] * 76, *[SampleScored(0.82, False)] * 11, Progressed(87, 190)])
NOISY = fold(EMPTY, [*[SampleScored(1 / 3, True)] * 500, Unreadable("score", "nan"), Progressed(900, 1000)])


def pilot(progress: Progress, *, is_complete: bool = False) -> dict[str, Any]:
    return pilot_document(progress, is_complete=is_complete, threshold=0.75, state="running", log="pilot.log", now=NOW)


def campaign(progress: Progress, **others: Any) -> dict[str, Any]:
    known: dict[str, Any] = {
        "target": 34_500,
        "state": "running",
        "is_running": True,
        "rate": None,
        "eta": None,
        "warnings": (),
    }
    return campaign_document(progress, **{**known, **others}, now=NOW)


def assert_shape(document: dict[str, Any], fields: dict[str, Any]) -> None:
    assert fields.keys() <= document.keys()
    for name, kind in fields.items():
        assert isinstance(document[name], kind), name
        assert kind is not int or not isinstance(document[name], bool), name
    assert json.loads(orjson.dumps(document)) == document


@pytest.mark.parametrize("progress", [EMPTY, SEED, NOISY], ids=["empty", "seed", "noisy"])
def test_every_field_of_the_contract_has_its_type_whatever_is_known(progress: Progress) -> None:
    assert_shape(pilot(progress), PILOT_FIELDS)
    assert_shape(campaign(progress), CAMPAIGN_FIELDS)
    decision = ThresholdRule(0.75, 150).decide(Evidence.of(progress, 190))
    gate = {"rule": "threshold"}
    document = validation_document(decision, pilot_status=pilot(progress), fingerprint="0" * 16, gate=gate, now=NOW)
    assert_shape(document, VALIDATION_FIELDS)
    assert all(isinstance(passed, bool) for passed in document["checks"].values())
    assert {"completion", "min_samples", "quality"} <= document["checks"].keys()


def test_the_seeds_example() -> None:
    document = pilot(SEED)
    assert (document["progress"], document["total"], document["estimated_quality"]) == (87, 190, 0.82)
    assert document["acceptance_rate"] == pytest.approx(76 / 87, abs=1e-6)
    assert document["quality_pass"] is True
    assert document["last_update"] == "2025-12-21T06:50:15+00:00"


def test_nothing_measured_is_null_and_neither_zero_nor_a_pass() -> None:
    document = pilot(EMPTY)
    assert document["estimated_quality"] is None
    assert document["acceptance_rate"] is None
    assert document["quality_pass"] is None


def test_the_newest_200_scores_are_shown_and_the_sum_of_all_is_kept() -> None:
    document = pilot(NOISY)
    assert len(document["quality_scores"]) == 200
    assert document["scored"] == 500
    assert document["score_sum"] == pytest.approx(500 / 3)
    assert (document["bad_scores"], document["problems"]) == (1, ["nan"])


def test_a_mean_at_the_threshold_passes_here_as_it_does_at_the_gate() -> None:
    progress = fold(EMPTY, [*[SampleScored(0.82)] * 190, Progressed(190, 190)])
    document = pilot_document(progress, is_complete=True, threshold=0.82, state="complete", log="pilot.log", now=NOW)
    assert document["quality_pass"] is True


def test_completion_is_what_the_agent_found_and_not_a_ratio() -> None:
    one_domain = fold(EMPTY, [Progressed(44, 44)])
    assert pilot(one_domain)["is_complete"] is False


def test_a_run_of_ours_is_named() -> None:
    started = RunStarted("pilot_190_01234567", "pilot", 190, "0123456789abcdef")
    document = pilot(fold(EMPTY, [started]))
    assert (document["run"], document["fingerprint"]) == ("pilot_190_01234567", "0123456789abcdef")
    assert pilot(SEED)["run"] is None


def test_a_campaign_that_has_told_nothing_yet_owes_its_target() -> None:
    document = campaign(EMPTY)
    assert (document["progress"], document["total"], document["percentage"]) == (0, 34_500, 0.0)


def test_the_campaigns_figures() -> None:
    document = campaign(Progress("ledger", done=8625, total=34_500), rate=123.456, eta=NOW + timedelta(hours=1))
    assert (document["percentage"], document["rate_per_minute"]) == (25.0, 123.5)
    assert document["eta"] == "2025-12-21T07:50:15+00:00"
    assert document["source"] == "ledger"


def test_a_verdict_shows_its_reasons() -> None:
    decision = ThresholdRule(0.75, 150).decide(Evidence.of(fold(EMPTY, [Progressed(190, 190)]), 190))
    document = validation_document(decision, pilot_status={}, fingerprint="f", gate={}, now=NOW)
    assert (document["approved"], document["verdict"]) == (False, "ERROR")
    assert document["checks"] == {"completion": True, "min_samples": True, "quality": False}
    assert document["findings"]["quality"] == "No quality scores"
