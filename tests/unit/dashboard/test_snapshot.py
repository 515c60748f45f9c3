from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from agents.campaign.files import write_json
from agents.campaign.home import Home
from agents.campaign.lease import Lease
from agents.campaign.ledger_view import RunHeader
from agents.campaign.phases import Phase
from agents.dashboard.snapshot import take
from agents.training.judge import Verdict
from agents.training.ledger import Issued, Ledger
from agents.training.sample import Cell, Message, SourceItem, Ticket

SECTIONS = ("orchestrator", "pilot", "validation", "launch", "campaign", "training")


def stand_at(home: Home, phase: object, **more: Any) -> None:
    write_json(home.orchestrator_state, {"phase": phase, "run": "full", "next": "?"} | more)


def projections(home: Home) -> dict[str, Path]:
    paths = (home.orchestrator_state, home.pilot_status, home.validation, home.launch_status, home.campaign_status)
    return dict(zip(SECTIONS, (*paths, home.training_status), strict=True))


def test_an_empty_home_is_healthy_and_stays_empty(tmp_path: Path) -> None:
    snapshot = take(Home(tmp_path / "none"))
    assert snapshot.exit_code == 0
    assert snapshot.document() == dict.fromkeys(SECTIONS) | {"running": {}, "spent": {}, "exit_code": 0}
    assert "No workflow yet" in snapshot.text()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("phase", "with_orchestrator", "alone"),
    [
        ("starting_pilot", 0, 6),
        ("choosing_candidate", 0, 6),
        ("monitoring_pilot", 0, 6),
        ("validating_pilot", 0, 6),
        ("validation_complete", 0, 6),
        ("campaign_launched", 0, 6),
        ("after_campaign", 0, 6),
        ("campaign_complete", 0, 0),
        ("validation_failed", 0, 3),
        ("awaiting_approval", 0, 5),
        ("launch_failed", 0, 1),
        ("campaign_failed", 0, 1),
        ("paused", 0, 6),
        ("stopped", 0, 6),
        ("dancing", 0, 1),
        (None, 0, 1),
        (["paused"], 0, 1),
    ],
)
def test_the_exit_code_tells_how_the_workflow_stands(
    home: Home, phase: object, with_orchestrator: int, alone: int
) -> None:
    stand_at(home, phase)
    assert take(home).exit_code == alone
    with Lease(home.orchestrator_lease, "Orchestrator"):
        assert take(home).exit_code == with_orchestrator


def test_the_table_has_every_phase() -> None:
    table = test_the_exit_code_tells_how_the_workflow_stands.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert {phase for phase, _, _ in table if isinstance(phase, str)} >= {phase.value for phase in Phase}


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", "\x00\xff", '{"phase": NaN}'], ids=repr)
@pytest.mark.parametrize("section", SECTIONS)
def test_a_damaged_file_is_shown_as_an_error_with_its_cure_and_exits_with_1(
    home: Home, section: str, text: str
) -> None:
    stand_at(home, "campaign_complete")
    path = projections(home)[section]
    path.write_text(text)

    snapshot = take(home)

    assert snapshot.exit_code == 1
    assert str(path) in snapshot.document()[section]
    assert f"error: {path}" in snapshot.text()
    assert "cure: remove it" in snapshot.text()
    assert path.read_text() == text


def test_a_damaged_state_is_not_taken_for_none(home: Home) -> None:
    home.orchestrator_state.write_text("{")
    assert "No workflow yet" not in take(home).text()
    assert take(home).state is None


def test_documents_are_shown_as_they_are(home: Home) -> None:
    for number, path in enumerate(projections(home).values()):
        write_json(path, {"phase": "paused", "n": number})
    document = take(home).document()
    assert [document[name]["n"] for name in SECTIONS] == [0, 1, 2, 3, 4, 5]
    assert json.loads(json.dumps(document)) == document
    assert document["exit_code"] == 6


def test_what_runs_is_what_holds_a_lease_and_no_pid_file_is_believed(home: Home) -> None:
    for path in (home.orchestrator_pid, home.campaign_pid):
        path.write_text(str(os.getpid()))
    assert take(home).pids == {}
    with Lease(home.warden_lease("campaign"), "campaign full"), Lease(home.warden_lease("pilot"), "pilot p"):
        home.warden_lease("pilot").write_text("who knows")
        assert take(home).pids == {"pilot": None, "campaign": os.getpid()}
        assert f"Running: pilot, campaign (pid {os.getpid()})" in text_of(home)


def text_of(home: Home) -> str:
    stand_at(home, "stopped", completed="2026")
    return take(home).text()


# A campaign that nobody watches.


def make_campaign(home: Home, accepted: int) -> None:
    """Make the ledger of campaign ``full``, which owes 500 and has accepted so many."""
    header = RunHeader("full", "campaign", 500, "f" * 16, {}, {}, {}, "2026-01-01T00:00:00+00:00")
    with Ledger.open(home.run("full").ledger, header) as ledger:
        tickets = [Ticket("full", n, SourceItem("asm", Cell("f", 1), {"n": n})) for n in range(accepted)]
        ledger.add_round([Issued(t, t.id, t.item.id, t.seq, (Message("user", "?"),)) for t in tickets])
        for ticket in tickets:
            attempt = ledger.start_attempt(ticket.seq, header.created)
            ledger.settle(ticket, attempt, Verdict("accepted", 1.0), None, header.created)
        ledger.commit()


def test_a_campaign_that_was_launched_by_hand_is_told_from_its_ledger(home: Home) -> None:
    stand_at(home, "campaign_launched", pilot_result={"progress": 190, "total": 190})
    make_campaign(home, 3)
    with Lease(home.warden_lease("campaign"), "campaign full"):
        alive = take(home)
    write_json(home.run("full").exit_record, {"launch": 1, "code": 6, "signal": None})
    ended = take(home)

    for snapshot, state in ((alive, "running"), (ended, "paused")):
        assert "Campaign: 3/500 | quality 1.000" in snapshot.text()
        document = snapshot.document()["campaign"]
        assert (document["progress"], document["total"], document["state"]) == (3, 500, state)
    assert "campaign_result" not in alive.document()["orchestrator"]


def test_what_a_watcher_said_last_counts_as_long_as_it_watches(home: Home) -> None:
    watched = {"progress": 1, "total": 500, "estimated_quality": 1.0}
    stand_at(home, "campaign_launched", campaign_result=watched)
    write_json(home.campaign_status, watched)
    make_campaign(home, 3)
    assert take(home).document()["campaign"]["progress"] == 3
    with Lease(home.warden_lease("campaign"), "campaign full"):
        assert "Campaign: 3/500" in take(home).text()
        with Lease(home.orchestrator_lease, "Orchestrator"):
            assert "Campaign: 1/500" in take(home).text()


@pytest.mark.parametrize("run", ["full", "../x", None, 7])
def test_a_campaign_without_a_whole_ledger_has_no_line_and_no_traceback(home: Home, run: object) -> None:
    stand_at(home, "campaign_launched", run=run)
    home.run("full").folder.mkdir(parents=True)
    home.run("full").ledger.write_bytes(b"no ledger at all")
    snapshot = take(home)
    assert snapshot.document()["campaign"] is None
    assert "Campaign:" not in snapshot.text()


def test_hostile_values_come_out_printable(home: Home) -> None:
    evil = "\x1b[2Jgone\nPhase: campaign_complete"
    stand_at(home, "paused", cause=evil, completed="2026", pilot_result={"progress": evil, "total": evil})
    write_json(home.pilot_status, {"state": evil, "problems": [evil] * 3})
    text = take(home).text()
    assert all(char.isprintable() for line in text.split("\n") for char in line)
    assert "\nPhase: campaign_complete" not in text
