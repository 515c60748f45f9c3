from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.campaign import workflows
from agents.campaign.errors import DamagedFileError, PausedError
from agents.campaign.phases import TABLE, Happening, Phase
from agents.campaign.plan import Plan
from agents.campaign.process import Identity
from agents.campaign.recipe import GateSection
from agents.campaign.workflows import CREATED, SCHEMA_VERSION, Approval, Intent, Resumption, Workflow, Workflows

BEGUN = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=1)))
PLAN = {"recipe": {"seed": 1}, "origins": {}, "recipe_path": None}
INTENT = Intent("full", "campaign", ("python", "-m", "x", "--n", "1"), "f" * 16, 123)
WARDEN = Identity(4711, 99, "boot")

HAPPY = [
    (Happening.PILOT_STARTED, {"pilot_run": "p", "pilot_result": {}}),
    (Happening.PILOT_COMPLETE, {"pilot_result": {"progress": 190}}),
    (Happening.APPROVED, {"validation_result": {"approved": True}}),
    (Happening.LAUNCHED, {"launch_result": {"pid": 7}}),
    (Happening.RELAUNCHED, {"launch_result": {"pid": 8}}),
    (Happening.CAMPAIGN_DONE, {"campaign_result": {"progress": 100}}),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "training" / "workflows.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Workflows]:
    with closing(Workflows(path)) as store:
        yield store


def begun(store: Workflows, run: str = "full", phase: Phase = Phase.STARTING_PILOT) -> Workflow:
    return store.create(run, PLAN, phase, BEGUN)


def rows(path: Path, table: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 -- a name from this file


# Steps.


def test_a_new_store_is_empty_and_its_owners_alone(store: Workflows, path: Path) -> None:
    assert store.newest() is store.find("full") is store.launch_of("full") is None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_workflow_stands_where_it_was_begun(store: Workflows) -> None:
    workflow = begun(store)
    assert (workflow.run, workflow.phase, workflow.plan) == ("full", Phase.STARTING_PILOT, PLAN)
    assert (workflow.started, workflow.results, workflow.completed) == ("2026-01-01T12:00:00+01:00", {}, None)


def test_after_every_step_another_process_reads_the_same(store: Workflows, path: Path) -> None:
    workflow, results = begun(store), {}
    for minutes, (happening, details) in enumerate(HAPPY, 1):
        at = BEGUN + timedelta(minutes=minutes)
        workflow = store.move(workflow, happening, details, at)
        results |= details
        with closing(Workflows(path)) as other:
            assert other.find("full") == other.newest() == store.find("full") == workflow
        assert workflow.results == results
        assert workflow.completed == (at.isoformat() if happening is Happening.CAMPAIGN_DONE else None)
    assert [(happening, phase) for _, _, _, happening, phase, _ in rows(path, "steps")] == [
        (CREATED, "starting_pilot"),
        ("pilot_started", "monitoring_pilot"),
        ("pilot_complete", "validating_pilot"),
        ("approved", "validation_complete"),
        ("launched", "campaign_launched"),
        ("relaunched", "campaign_launched"),
        ("campaign_done", "campaign_complete"),
    ]


def test_a_step_that_is_not_listed_is_refused_and_nothing_is_stored(store: Workflows, path: Path) -> None:
    unlisted = [(phase, happening) for phase in Phase for happening in Happening if (phase, happening) not in TABLE]
    assert unlisted
    for number, (phase, happening) in enumerate(unlisted):
        workflow = begun(store, f"run{number}", phase)
        before = rows(path, "steps")
        with pytest.raises(ValueError, match="cannot happen"):
            store.move(workflow, happening, {"cause": "x"}, BEGUN)
        assert rows(path, "steps") == before
        assert store.find(f"run{number}") == workflow


def test_a_cause_is_told_until_the_next_step(store: Workflows) -> None:
    workflow = begun(store)
    paused = store.move(workflow, Happening.PILOT_ENDED, {"cause": "no disk", "pilot_result": {"progress": 3}}, BEGUN)
    assert (paused.phase, paused.results["cause"]) == (Phase.PAUSED, "no disk")
    assert paused.completed is not None
    resumed = store.move(paused, Happening.RESUMED_PILOT, {}, BEGUN)
    assert (resumed.phase, resumed.results) == (Phase.STARTING_PILOT, {"pilot_result": {"progress": 3}})
    assert resumed.completed is None


@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_listed_walk_is_replayed_to_where_it_stands(path: Path, data: st.DataObject) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(Workflows(path)) as store:
        run = f"run{len(rows(path, 'workflows'))}"
        workflow = store.create(run, PLAN, Phase.STARTING_PILOT, BEGUN)
        for number in range(data.draw(st.integers(0, 6))):
            listed = sorted(happening for phase, happening in TABLE if phase is workflow.phase)
            if not listed:
                break
            happening = data.draw(st.sampled_from(listed))
            expected = TABLE[workflow.phase, happening]
            workflow = store.move(workflow, happening, {f"n{number}": number}, BEGUN)
            assert workflow.phase is expected
    with closing(Workflows(path)) as store:
        assert store.find(run) == workflow


def test_workflows_are_told_apart_by_their_campaign_and_the_newest_is_what_moved_last(store: Workflows) -> None:
    first, second = begun(store, "first"), begun(store, "second")
    assert store.newest() == second
    moved = store.move(first, Happening.PILOT_STARTED, {}, BEGUN)
    assert store.newest() == store.find("first") == moved
    assert store.find("second") == second
    assert store.find("third") is None


def test_a_campaign_has_one_workflow(store: Workflows, path: Path) -> None:
    begun(store)
    with pytest.raises(DamagedFileError):
        begun(store)
    begun(store, "another")
    assert [run for _, run, _, _ in rows(path, "workflows")] == ["full", "another"]
    assert len(rows(path, "steps")) == 2


def test_a_workflow_can_go_on_by_another_plan(store: Workflows) -> None:
    changed = store.set_plan(begun(store), {"recipe": {"seed": 2}})
    assert changed.plan == {"recipe": {"seed": 2}}
    assert store.find("full") == changed


# Approvals.


def test_an_approval_is_of_one_plan_and_one_evidence_in_one_workflow(store: Workflows, path: Path) -> None:
    workflow, other = begun(store), begun(store, "other")
    wish = Approval("f" * 16, "e" * 16, "Zelda", "looks right", "INCONCLUSIVE")
    assert store.approval_of("full", wish.fingerprint, wish.evidence) is None
    store.approve(workflow, wish, BEGUN)
    assert store.approval_of("full", wish.fingerprint, wish.evidence) == wish
    assert store.approval_of("full", "0" * 16, wish.evidence) is None
    assert store.approval_of("full", wish.fingerprint, "0" * 16) is None
    assert store.approval_of(other.run, wish.fingerprint, wish.evidence) is None
    assert rows(path, "approvals")[0][3:] == ("f" * 16, "Zelda", "looks right", "e" * 16, "INCONCLUSIVE")


@pytest.fixture
def first(path: Path) -> Iterator[sqlite3.Connection]:
    """A store as the first version of this program left it: a workflow whose pilot is approved."""
    sqlite_file(path, "PRAGMA journal_mode = WAL")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.executescript(Path(__file__).with_name("workflows_v1.sql").read_text(encoding="utf-8"))
        yield database


def test_a_store_of_the_first_version_is_taken_up_and_its_approvals_no_longer_approve(
    path: Path, first: sqlite3.Connection
) -> None:
    first.execute("INSERT INTO approvals VALUES (1, 1, 'then', 'ffff', 'Zelda', 'looked right')")
    first.execute("INSERT INTO launches VALUES (1, 'full_campaign_20', 'campaign', 'then', 'ffff', '[]', 7, NULL)")
    for _ in range(2):
        with closing(Workflows(path)) as store:
            workflow, launch = store.find("full_campaign_20"), store.launch_of("full_campaign_20")
            assert store.approval_of("full_campaign_20", "ffff", "eeee") is None
            assert workflow is not None
            assert launch is not None
            assert (workflow.phase, workflow.results["pilot_run"]) == (Phase.VALIDATION_COMPLETE, "pilot_ours")
            assert (launch.id, launch.log_position) == (1, 7)
    assert rows(path, "approvals")[0][3:] == ("ffff", "Zelda", "looked right", "", None)
    with closing(Workflows(path)) as store:
        assert store.move(workflow, Happening.LAUNCHED, {}, BEGUN).phase is Phase.CAMPAIGN_LAUNCHED


@pytest.mark.parametrize("rule", [None, "threshold"])
def test_the_only_rule_of_the_first_version_counts_where_somebody_named_it(
    path: Path, first: sqlite3.Connection, rule: str | None
) -> None:
    if rule:
        first.execute("""UPDATE workflows SET plan = json_set(plan, '$.origins."gate.rule"', 'recipe mine.yaml')""")
    with closing(Workflows(path)) as store:
        workflow = store.find("full_campaign_20")
    assert workflow is not None
    assert Plan.parsed(workflow.plan).recipe.gate == GateSection(**{"rule": rule} if rule else {})
    assert Plan.parsed(workflow.plan).recipe.campaign.target == 20


def test_a_store_of_the_first_version_that_cannot_be_taken_up_stays_as_it_was(
    path: Path, first: sqlite3.Connection
) -> None:
    first.execute("UPDATE workflows SET plan = '{'")
    first.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    first.close()
    before = path.read_bytes()
    with pytest.raises(DamagedFileError, match="damaged: malformed JSON"):
        Workflows(path)
    assert path.read_bytes() == before


# Launches.


def test_a_crash_between_intent_and_confirmation_leaves_an_intent_without_a_warden(path: Path) -> None:
    with closing(Workflows(path)) as store:
        launch = store.intend(INTENT, BEGUN)
    with closing(Workflows(path)) as store:
        found = store.launch_of("full")
        assert found is not None
        assert (found.id, found.fingerprint, found.log_position, found.warden) == (launch, "f" * 16, 123, None)
        store.confirm(launch, WARDEN)
    with closing(Workflows(path)) as store:
        assert store.launch_of("full").warden == WARDEN  # type: ignore[union-attr]


def test_the_newest_launch_of_a_run_counts_and_those_of_others_do_not(store: Workflows) -> None:
    first = store.intend(INTENT, BEGUN)
    store.confirm(first, WARDEN)
    second = store.intend(INTENT, BEGUN)
    store.intend(Intent("pilot", "pilot", (), "e" * 16, 0), BEGUN)
    found = store.launch_of("full")
    assert found is not None
    assert (found.id, found.warden) == (second, None)
    assert store.launch_of("other") is None


# Transactions and files.


def test_what_fails_half_way_leaves_nothing(store: Workflows, path: Path) -> None:
    with pytest.raises(TypeError):
        store.create("full", {"not": object()}, Phase.STARTING_PILOT, BEGUN)
    with pytest.raises(ValueError, match="no UTC offset"):
        store.create("full", PLAN, Phase.STARTING_PILOT, BEGUN.replace(tzinfo=None))
    assert rows(path, "workflows") == rows(path, "steps") == []
    assert begun(store).phase is Phase.STARTING_PILOT


def test_a_disk_that_is_full_is_an_error_with_a_cure_and_the_old_state_is_whole(store: Workflows, path: Path) -> None:
    workflow = begun(store)
    store._database.execute(f"PRAGMA max_page_count = {store._database.execute('PRAGMA page_count').fetchone()[0]}")
    with pytest.raises(PausedError, match="cannot be used: database or disk is full") as refused:
        store.move(workflow, Happening.PILOT_STARTED, {"pilot_result": {"much": "x" * 100_000}}, BEGUN)
    assert "disk space" in refused.value.cure
    assert store.find("full") == workflow


def test_a_file_that_stays_locked_is_an_error_and_loses_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflows, "BUSY_SECONDS", 0.01)
    with closing(Workflows(path)) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        workflow = begun(store)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(PausedError, match="locked") as refused:
            store.move(workflow, Happening.PILOT_STARTED, {}, BEGUN)
        other.execute("ROLLBACK")
        assert not isinstance(refused.value, DamagedFileError)
        assert store.find("full") == workflow
        assert store.move(workflow, Happening.PILOT_STARTED, {}, BEGUN).phase is Phase.MONITORING_PILOT


def test_a_file_that_is_locked_from_the_beginning_is_not_opened(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflows, "BUSY_SECONDS", 0.01)
    sqlite_file(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(PausedError, match="locked"):
            Workflows(path)


def sqlite_file(path: Path, *statements: str) -> None:
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


@pytest.mark.parametrize(
    "kind", ["text", "newer version", "newer version, in WAL", "somebody else's tables", "their version, our number"]
)
def test_a_file_that_is_no_store_of_ours_is_refused_and_untouched(path: Path, kind: str) -> None:
    if kind == "text":
        path.parent.mkdir(parents=True)
        path.write_bytes(b"dear diary\n" * 1000)
    elif kind == "somebody else's tables":
        sqlite_file(path, "CREATE TABLE diary (day TEXT)")
    elif kind == "their version, our number":
        sqlite_file(path, "CREATE TABLE diary (day TEXT)", f"PRAGMA user_version = {SCHEMA_VERSION}")
    else:
        mode = ["PRAGMA journal_mode = WAL"] if kind.endswith("WAL") else []
        version = f"PRAGMA user_version = {SCHEMA_VERSION + 1}"
        sqlite_file(path, *mode, "CREATE TABLE workflows (id INTEGER)", version)
    path.chmod(0o640)
    before, files = path.read_bytes(), sorted(path.parent.iterdir())

    with pytest.raises(DamagedFileError, match=str(path)) as refused:
        Workflows(path)

    assert str(path) in refused.value.cure
    assert path.read_bytes() == before
    assert sorted(path.parent.iterdir()) == files
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_store_that_rots_is_told_as_damaged(path: Path) -> None:
    with closing(Workflows(path)) as store:
        begun(store)
        store._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    before = path.read_bytes()
    with pytest.raises(DamagedFileError, match="damaged"), closing(Workflows(path)) as store:
        store.find("full")
    assert path.read_bytes() == before


def test_an_empty_file_becomes_a_store(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.touch()
    with closing(Workflows(path)) as store:
        assert begun(store).phase is Phase.STARTING_PILOT
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_folder_in_its_place_is_an_error_with_a_cure(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(PausedError, match="cannot be used"):
        Workflows(path)


def test_a_resumption_is_of_one_run_and_up_to_one_alarm(store: Workflows) -> None:
    assert store.resumption_of("full") is None
    store.resume("full", Resumption(3, "Zelda"), BEGUN)
    store.resume("full", Resumption(2, "Link"), BEGUN)
    assert store.resumption_of("full") == Resumption(3, "Zelda")
    assert store.resumption_of("other") is None
