"""Records that are torn, damaged, locked, old, foreign or edited: refused or written again, told, and never obeyed."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from runs import RUN, TARGET, auto, check_nothing_acknowledged_is_lost, freeze, generate, goes_on, launches, thaw
from world import World, kill_hard

from agents.campaign.errors import DamagedFileError
from agents.campaign.files import read_json
from agents.campaign.home import Home
from agents.campaign.ledger_view import LedgerView
from agents.dashboard.snapshot import take
from agents.training.ledger import Ledger

STATUS_FILES = (
    "orchestrator_state.json",
    "pilot_monitor_status.json",
    "campaign_validation.json",
    "campaign_status.json",
    "campaign_monitor_status.json",
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world whose workflow has reached its end; copy it before changing anything."""
    world = World(tmp_path_factory.mktemp("finished"))
    goes_on(world)
    return world


@pytest.fixture(scope="module")
def undecided(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world whose pilot is approved by the gate, and whose campaign waits for a person."""
    world = World(tmp_path_factory.mktemp("undecided"))
    assert world.campaign(*auto(world), "--no-auto-launch").returncode == 5
    return world


@pytest.fixture(scope="module")
def halfway(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ledger, all in its main file, of a run that was killed in the middle."""
    world = World(tmp_path_factory.mktemp("halfway"))
    generator = world.start(*generate(world))
    frozen = freeze(world, accepted=100)
    kill_hard(frozen)
    generator.communicate()
    ledger = world.home.run(RUN).ledger
    with closing(sqlite3.connect(ledger)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return ledger


def copy_into(world: World, original: World) -> None:
    shutil.copytree(original.home.root, world.home.root)


# Row 31: status files are torn.


@pytest.mark.fault(row=31)
@pytest.mark.parametrize("name", STATUS_FILES)
def test_a_status_file_torn_at_any_byte_is_told(finished: World, tmp_path: Path, name: str) -> None:
    home = Home(tmp_path / "context")
    shutil.copytree(finished.home.root, home.root)
    path = home.training / name
    whole = path.read_bytes()
    for length in reversed(range(len(whole) - 1)):
        os.truncate(path, length)
        with pytest.raises(DamagedFileError) as damaged:
            read_json(path)
        if length % 97:
            continue
        snapshot = take(home)
        assert snapshot.exit_code == 1
        told = [section for section in snapshot.sections.values() if isinstance(section, str)]
        assert told == [f"error: {damaged.value}"]
        assert f"{path} cannot be read" in told[0]
        assert f"rm {path}" in told[0]
    assert str(path) in snapshot.text()
    path.write_bytes(whole)
    assert take(home).exit_code == 0


@pytest.mark.slow
@pytest.mark.fault(row=31)
@pytest.mark.parametrize("content", [b"{", b"", b"\0" * 4096])
def test_torn_status_files_are_told_and_written_again(world: World, undecided: World, content: bytes) -> None:
    copy_into(world, undecided)
    for name in STATUS_FILES:
        (world.home.training / name).write_bytes(content)

    shown = world.campaign("status")

    assert shown.returncode == 1
    assert all(f"{world.home.training / name} cannot be read" in shown.stdout for name in STATUS_FILES)
    assert "Traceback" not in shown.stderr
    goes_on(world)
    assert launches(world) == 1
    assert world.campaign("status").returncode == 0
    for name in STATUS_FILES:
        assert world.read(world.home.training / name)


# Row 32: a ledger is damaged.


def refusal_of(ledger: Path) -> DamagedFileError | None:
    """Read all that the ledger can be asked for, and take the run up; return what is raised."""
    view = LedgerView(ledger)
    try:
        header = view.header()
        for look in (view.accounts, view.progress, view.reasons):
            look()
        for accepted in (True, False):
            assert all(view.samples(accepted=accepted))
        assert header is not None
        with Ledger.open(ledger, header):
            pass
    except DamagedFileError as error:
        return error
    return None


def flipped(content: bytearray, draw: random.Random) -> None:
    content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)


def zeroed(content: bytearray, draw: random.Random) -> None:
    at = 512 * draw.randrange(len(content) // 512)
    content[at : at + 512] = bytes(512)


def overwritten(content: bytearray, draw: random.Random) -> None:
    at = 4_096 * draw.randrange(len(content) // 4_096)
    content[at : at + 4_096] = draw.randbytes(4_096)


def truncated(content: bytearray, draw: random.Random) -> None:
    del content[draw.randrange(1, len(content)) :]


@pytest.mark.fault(row=32)
@pytest.mark.parametrize("damage", [flipped, zeroed, overwritten, truncated])
@pytest.mark.parametrize("seeds", [range(25), pytest.param(range(25, 500), marks=pytest.mark.slow)], ids=len)
def test_a_damaged_ledger_is_refused_and_kept_or_its_accounts_hold(
    halfway: Path, tmp_path: Path, damage: Callable[[bytearray, random.Random], None], seeds: range
) -> None:
    whole, accounts = halfway.read_bytes(), LedgerView(halfway).accounts()
    refusals: list[DamagedFileError] = []
    for seed in seeds:
        content = bytearray(whole)
        damage(content, random.Random(seed))
        ledger = tmp_path / str(seed) / "ledger.sqlite"
        ledger.parent.mkdir()
        ledger.write_bytes(content)
        refusal = refusal_of(ledger)
        if refusal is None:
            assert LedgerView(ledger).accounts() == accounts
        else:
            refusals.append(refusal)
            assert str(ledger) in refusal.what
            assert "keep a copy" in refusal.cure
            assert ledger.read_bytes() == content
    assert len(refusals) == len(seeds) or damage in {flipped, zeroed}


@pytest.mark.fault(row=32)
@pytest.mark.parametrize("kind", ["pilot", pytest.param("campaign", marks=pytest.mark.slow)])
def test_nothing_is_launched_on_a_damaged_ledger(world: World, undecided: World, halfway: Path, kind: str) -> None:
    copy_into(world, undecided)
    if kind == "pilot":
        (damaged,) = world.home.training.glob("runs/pilot_*/ledger.sqlite")
    else:
        damaged = world.home.run(RUN).ledger
        damaged.parent.mkdir()
        shutil.copy(halfway, damaged)
    with closing(sqlite3.connect(damaged)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(damaged.read_bytes())
    overwritten(content, random.Random(7))
    damaged.write_bytes(content)

    refused = [world.campaign("launch", *auto(world)[1:]), world.campaign(*auto(world))]

    for run in refused:
        assert run.returncode not in {0, 5}, run.stdout
        assert "is damaged" in run.stdout + run.stderr
        assert "Traceback" not in run.stderr
    assert damaged.read_bytes() == content
    assert launches(world) == 0 or not world.read(world.home.launch_status)["launched"]


# Row 33: a ledger is locked by another writer.


LOCKER = """
import sqlite3, sys, time
other = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
try:
    other.execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError:
    sys.exit("in a transaction of its own")
print("locked", flush=True)
time.sleep(float(sys.argv[2]))
"""


@contextmanager
def locked_by_another(world: World, seconds: float) -> Iterator[None]:
    """Let another program have the ledger of a generator at work to itself, for so long at most."""
    while True:
        frozen = freeze(world)
        locker = subprocess.Popen(
            (sys.executable, "-c", LOCKER, str(world.home.run(RUN).ledger), str(seconds)),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        with locker:
            assert locker.stdout is not None
            has_it = locker.stdout.readline() == "locked\n"
            thaw(frozen)
            if has_it:
                yield
                locker.kill()
                return


@pytest.mark.slow
@pytest.mark.fault(row=33)
def test_a_ledger_that_is_locked_for_a_moment_is_waited_for(world: World) -> None:
    generator = world.start(*generate(world))
    with locked_by_another(world, seconds=0.5):
        _, complaints = generator.communicate(timeout=60)

    assert generator.returncode == 0, complaints
    check_nothing_acknowledged_is_lost(world)
    world.check_accounts(RUN, accepted=TARGET)


@pytest.mark.slow
@pytest.mark.fault(row=33)
def test_a_ledger_that_stays_locked_pauses_and_loses_nothing(world: World) -> None:
    generator = world.start(*generate(world))
    with locked_by_another(world, seconds=600):
        before = world.accepted(RUN)
        _, complaints = generator.communicate(timeout=60)
        assert world.accepted(RUN) == before

    assert generator.returncode == 6, complaints
    assert "database is locked" in complaints
    assert "Traceback" not in complaints
    check_nothing_acknowledged_is_lost(world)
    again = world.run(*generate(world))
    assert again.returncode == 0, again.stderr
    world.check_accounts(RUN, accepted=TARGET)


# Row 26: a verdict is old, foreign or edited.


def older(verdict: dict[str, Any]) -> None:
    moment = datetime.fromisoformat(verdict["validation_timestamp"]) - timedelta(days=30)
    verdict["validation_timestamp"] = moment.isoformat()


def from_the_future(verdict: dict[str, Any]) -> None:
    moment = datetime.fromisoformat(verdict["validation_timestamp"]) + timedelta(days=30)
    verdict["validation_timestamp"] = moment.isoformat()


def undated(verdict: dict[str, Any]) -> None:
    del verdict["validation_timestamp"]


def of_another_plan(verdict: dict[str, Any]) -> None:
    verdict["fingerprint"] = "0123456789abcdef"


def of_another_run(verdict: dict[str, Any]) -> None:
    verdict["pilot_status"]["run"] = "somebody_elses_pilot"


def outside_its_folder(verdict: dict[str, Any]) -> None:
    verdict["pilot_status"]["run"] = "../../../etc"


def of_nothing(verdict: dict[str, Any]) -> None:
    verdict["pilot_status"] = {}


def in_words(verdict: dict[str, Any]) -> None:
    verdict["approved"] = "true"


def without_a_pilot(verdict: dict[str, Any]) -> None:
    verdict["pilot_status"] = None


@pytest.mark.fault(row=26)
@pytest.mark.parametrize(
    "edit",
    [
        older,
        of_another_plan,
        of_another_run,
        *(
            pytest.param(edit, marks=pytest.mark.slow)
            for edit in (from_the_future, undated, outside_its_folder, of_nothing, in_words, without_a_pilot)
        ),
    ],
)
def test_a_verdict_that_is_not_this_pilots_is_not_launched_on(
    world: World, undecided: World, edit: Callable[[dict[str, Any]], None]
) -> None:
    copy_into(world, undecided)
    verdict = world.read(world.home.validation)
    assert verdict["approved"] is True
    edit(verdict)
    world.home.validation.write_text(json.dumps(verdict))

    refused = world.campaign("launch", *auto(world)[1:])

    assert refused.returncode not in {0, 5}, refused.stdout
    assert json.loads(refused.stdout)["launched"] is False
    assert "Traceback" not in refused.stderr
    assert launches(world) == 0
    assert not world.home.campaign_log.exists()


@pytest.mark.fault(row=26)
def test_a_rejection_that_was_edited_into_an_approval_is_not_launched_on(world: World) -> None:
    world.home.training.mkdir(parents=True)
    world.home.pilot_log.write_text("".join(f"quality_score=0.6\nProgress: {n}/190\n" for n in range(1, 191)))
    assert world.campaign("validate", "--recipe", str(world.recipe())).returncode == 3
    verdict = world.read(world.home.validation)
    verdict |= {"approved": True, "verdict": "APPROVED"}
    verdict["pilot_status"] |= {"estimated_quality": 0.9, "score_sum": 171.0, "quality_pass": True}
    world.home.validation.write_text(json.dumps(verdict))

    refused = world.campaign("launch", *auto(world)[1:])

    assert refused.returncode not in {0, 5}, refused.stdout
    assert "Quality 0.600 < 0.75" in json.loads(refused.stdout)["cure"]
    assert not world.home.campaign_log.exists()
