"""Generators as commands, and the start of one with a real warden over a small program."""

from __future__ import annotations

import asyncio
import os
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from stage import HandClock, append, plan, write_exit

import agents
from agents.autonomous import generators
from agents.autonomous.generators import (
    Generator,
    campaign_generator,
    environment_of,
    exit_of,
    is_alive,
    last_words,
    pilot_generator,
    start,
)
from agents.autonomous.stopping import stop_all
from agents.campaign.errors import AlreadyRunningError, CampaignError, UsageError
from agents.campaign.home import Home
from agents.campaign.lease import Lease
from agents.campaign.outcome import Exit
from agents.campaign.process import Identity
from agents.campaign.workflows import Workflows

TINY = """
import json, os, sys, time
from pathlib import Path
from agents.campaign.home import Home
from agents.campaign.lease import Lease

def answer(document, code=0):
    print(json.dumps(document))
    sys.exit(code)

if "--dry-run" in sys.argv:
    MODE
name = sys.argv[sys.argv.index("--output-name") + 1]
with Lease(Home.from_environment(os.environ).run(name).lease, "campaign"):
    print("working", flush=True)
    time.sleep(60)
"""
GOOD = 'answer({"run": "r", "total": 5, "fingerprint": "f" * 16, "capacity": {"asm": 70}, "unready": []})'


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A generator of ours that is a small program; write its dry run in place of MODE."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setattr(generators, "GENERATOR", "tiny_generator")
    return write_tiny(folder, GOOD)


def write_tiny(folder: Path, dry_run: str) -> Path:
    path = folder / "tiny_generator.py"
    path.write_text(TINY.replace("MODE", textwrap.indent(dry_run, "    ").strip()))
    return path


@pytest.fixture
def store(home: Home) -> Iterator[Workflows]:
    with closing(Workflows(home.workflows)) as store:
        yield store
    stop_all(home, orchestrator_only=False, grace_seconds=0.5)


def started(home: Home, store: Workflows, *argv: str, is_ours: bool = False) -> tuple[Identity, Exit | None]:
    generator = Generator("campaign", "r", 5, argv, "f" * 16, is_ours)
    return asyncio.run(start(generator, home, store, HandClock()))


# The environment.


def test_our_programs_find_this_package_and_this_home(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    root = str(Path(agents.__file__).parent.parent)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["/elsewhere", root, ""]))
    monkeypatch.setenv("CONTEXT_ROOT", "/somewhere/else")

    environment = environment_of(home)

    assert environment["PYTHONPATH"] == os.pathsep.join([root, "/elsewhere"])
    assert environment["CONTEXT_ROOT"] == str(home.root)
    assert environment["PATH"] == os.environ["PATH"]


# The dry run.


def test_a_campaign_of_ours_is_what_its_dry_run_says(home: Home, tiny: Path) -> None:
    recipe = plan(campaign__target=5, campaign__use_active_learning=False, speed__parallel=False)
    found = asyncio.run(campaign_generator(recipe, home))
    assert (found.kind, found.run, found.total, found.fingerprint) == ("campaign", "r", 5, "f" * 16)
    assert found.capacity == {"asm": 70}
    assert found.is_ours
    assert found.argv == (
        *(sys.executable, "-m", "tiny_generator", "--target", "5", "--output-name", "full_campaign_5"),
        *("--no-parallel", "--no-active-learning", "--export", "--quality-threshold", "0.75"),
    )


def test_a_pilot_of_ours_gets_its_name_from_its_dry_run(home: Home, tiny: Path) -> None:
    found = asyncio.run(pilot_generator(plan(), home))
    assert found.argv[3:] == ("--pilot", "--parallel", "--quality-threshold", "0.75", "--output-name", "r")


@pytest.mark.parametrize(
    ("dry_run", "kind", "words"),
    [
        ('answer({"error": "no such domain", "cure": "name one", "exit_code": 2}, 2)', UsageError, "no such domain"),
        ('answer({"error": "it runs", "cure": "wait", "exit_code": 4}, 4)', AlreadyRunningError, "it runs"),
        ("import no_such_package", CampaignError, "No module named 'no_such_package'"),
        ("sys.exit(3)", CampaignError, "exit code 3 and described no run: nothing was printed"),
        ("sys.exit('what a mess')", CampaignError, "what a mess"),
        ("os.kill(os.getpid(), 9)", CampaignError, "exit code -9"),
    ],
)
def test_a_dry_run_that_fails_tells_why(
    home: Home, tiny: Path, dry_run: str, kind: type[CampaignError], words: str
) -> None:
    write_tiny(tiny.parent, dry_run)
    with pytest.raises(kind) as refused:
        asyncio.run(campaign_generator(plan(), home))
    assert words in refused.value.what
    assert refused.value.cure


@pytest.mark.parametrize(
    "dry_run", ["print('hello'); sys.exit(0)", "answer([1])", "answer({'run': 'r'})", "answer([], 1)"]
)
def test_a_dry_run_that_says_something_else_is_an_error_and_no_crash(home: Home, tiny: Path, dry_run: str) -> None:
    write_tiny(tiny.parent, dry_run)
    with pytest.raises(CampaignError, match="dry run"):
        asyncio.run(campaign_generator(plan(), home))


def test_a_dry_run_that_never_ends_is_ended(home: Home, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generators, "DRY_RUN_SECONDS", 0.3)
    told = tiny.parent / "pid"
    write_tiny(tiny.parent, f"Path({str(told)!r}).write_text(str(os.getpid())); time.sleep(60)")
    with pytest.raises(CampaignError, match=r"took more than 0\.3 s"):
        asyncio.run(campaign_generator(plan(), home))
    assert not told.exists() or Identity.of(int(told.read_text())) is None


# Somebody else's command.


def test_the_places_of_a_command_are_filled_in(home: Home, tmp_path: Path) -> None:
    command = ["sh", "--n={target}", "{output_name}", "{{kept}}", "{log}", "$(not a shell)"]
    found = asyncio.run(campaign_generator(plan(campaign__target=7, campaign__command=command), home))
    assert Path(found.argv[0]).is_absolute()
    assert found.argv[1:] == ("--n=7", "full_campaign_7", "{kept}", str(home.campaign_log), "$(not a shell)")
    assert not found.is_ours


def test_another_command_is_another_generator(home: Home) -> None:
    prints = {
        asyncio.run(campaign_generator(plan(campaign__command=command), home)).fingerprint
        for command in (["sh", "-c", "a"], ["sh", "-c", "b"], ["sh", "-c", "a"])
    }
    assert len(prints) == 2


# The start.


def test_ours_is_started_when_it_holds_its_lease(home: Home, store: Workflows, tiny: Path) -> None:
    found = asyncio.run(campaign_generator(plan(), home))
    generator = Generator("campaign", "full_campaign_34500", 5, found.argv, "f" * 16, is_ours=True)

    warden, exit_ = asyncio.run(start(generator, home, store, HandClock()))

    assert exit_ is None
    assert warden.is_alive()
    assert is_alive(home, "campaign", generator.run)
    launch = store.launch_of(generator.run)
    assert launch is not None
    assert launch.warden == warden
    assert home.campaign_pid.read_text() == f"{warden.pid}\n"
    assert home.campaign_log.read_text() == "working\n"


def test_theirs_is_started_when_it_has_lived_for_a_moment(
    home: Home, store: Workflows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generators, "SETTLE_SECONDS", 0.2)
    append(home.campaign_log, "yesterday")
    warden, exit_ = started(home, store, "/bin/sh", "-c", "echo today; sleep 60")
    assert exit_ is None
    assert warden.is_alive()
    assert home.campaign_log.read_text() == "yesterday\ntoday\n"
    launch = store.launch_of("r")
    assert launch is not None
    assert launch.log_position == len("yesterday\n")


@pytest.mark.parametrize(("command", "code"), [("exit 0", 0), ("exit 6", 6)])
def test_what_ends_well_at_once_was_started(home: Home, store: Workflows, command: str, code: int) -> None:
    _, exit_ = started(home, store, "/bin/sh", "-c", command)
    assert exit_ is not None
    assert exit_.code == code
    assert store.launch_of("r").warden is not None  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("echo the key is missing; exit 3", "ended at once with exit code 3: the key is missing"),
        ("kill -9 $$", "ended at once with killed by signal 9: its log is empty"),
    ],
)
def test_what_ends_badly_at_once_is_an_error_with_its_last_words(
    home: Home, store: Workflows, command: str, words: str
) -> None:
    with pytest.raises(CampaignError) as refused:
        started(home, store, "/bin/sh", "-c", command)
    assert words in refused.value.what
    assert store.launch_of("r").warden is None  # type: ignore[union-attr]


def test_a_program_that_cannot_be_started_is_an_error_with_its_name(home: Home, store: Workflows) -> None:
    with pytest.raises(CampaignError, match=r"showed no sign of life: .*/no/such/program cannot be started"):
        started(home, store, "/no/such/program")


def test_a_start_that_loses_a_race_says_who_won(home: Home, store: Workflows) -> None:
    with Lease(home.warden_lease("campaign"), "campaign other"), pytest.raises(CampaignError) as refused:
        started(home, store, "/bin/sh", "-c", "echo never")
    assert "already running" in refused.value.what
    assert str(os.getpid()) in refused.value.what


# What is left.


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"launch": "1"}'], ids=repr)
def test_without_a_readable_record_no_exit_is_known(home: Home, text: str | None) -> None:
    if text is not None:
        write_exit(home, "r")
        home.run("r").exit_record.write_text(text)
    assert exit_of(home, "r") is None


def test_an_exit_is_of_one_launch(home: Home) -> None:
    write_exit(home, "r", code=3, launch=7)
    assert exit_of(home, "r") == exit_of(home, "r", 7) == Exit(7, 3, None)
    assert exit_of(home, "r", 6) is None


@pytest.mark.parametrize(
    ("holds", "alive"),
    [
        ([], False),
        ([("warden", "campaign r")], True),
        ([("warden", "campaign other")], False),
        ([("warden", "pilot r")], False),
        ([("run", "campaign r")], True),
    ],
    ids=str,
)
def test_a_run_lives_by_its_own_lease_or_its_wardens(home: Home, holds: list[tuple[str, str]], alive: bool) -> None:
    leases: list[Any] = [
        Lease(home.warden_lease("campaign") if name == "warden" else home.run("r").lease, what) for name, what in holds
    ]
    for lease in leases:
        lease.__enter__()
    assert is_alive(home, "campaign", "r") is alive
    for lease in leases:
        lease.__exit__(None, None, None)


def test_last_words_are_three_lines_in_one_that_cannot_drive_a_terminal(home: Home) -> None:
    assert last_words(home.campaign_log) == "its log is empty"
    append(home.campaign_log, "one", "two", "", "\x1b[31mthree", "four")
    assert last_words(home.campaign_log) == "two /  [31mthree / four"


def test_an_error_of_ours_at_the_end_of_a_log_is_all_that_is_said(home: Home) -> None:
    stamped = "2026-01-01 00:00:00 [Training]"
    append(home.pilot_log, f"{stamped} INFO: Sample accepted", f"{stamped} ERROR: it is too dear; cure: raise it")
    assert last_words(home.pilot_log) == "it is too dear; cure: raise it"
    append(home.pilot_log, f"{stamped} INFO: on it goes")
    assert last_words(home.pilot_log) == "Sample accepted / it is too dear; cure: raise it / on it goes"
    append(home.campaign_log, "somebody else's", "2026 ERROR: their own")
    assert last_words(home.campaign_log) == "somebody else's / 2026 ERROR: their own"
