from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import gc
import json
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agents.campaign.errors import CampaignError
from agents.campaign.process import Identity, session_of, start_detached, stop, stop_with_descendants

SECONDS = 20.0
"""Deadline of every wait: long enough for a loaded machine."""

WAITING = "import sys; print('ready', flush=True); sys.stdin.read()"
IGNORING = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WAITING}"
DRAINING = f"import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(7)); {WAITING}"


def wait_for_remains(pid: int) -> None:
    """Wait until ``pid`` has ended, and leave it a zombie."""
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


@pytest.fixture
def start() -> Iterator[Callable[..., tuple[subprocess.Popen[str], Identity]]]:
    children: list[subprocess.Popen[str]] = []

    def start_python(program: str, *arguments: str) -> tuple[subprocess.Popen[str], Identity]:
        command = [sys.executable, "-c", program, *arguments]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        children.append(child)
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        identity = Identity.of(child.pid)
        assert identity is not None
        return child, identity

    yield start_python
    for child in children:
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            assert pipe is not None
            pipe.close()


Start = Callable[..., tuple[subprocess.Popen[str], Identity]]


@pytest.fixture
def detached() -> Iterator[list[Identity]]:
    started: list[Identity] = []
    yield started
    for identity in started:
        identity.send(signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(identity.pid, 0)


def test_an_identity_is_the_same_at_every_look() -> None:
    assert Identity.mine() == Identity.mine() == Identity.of(os.getpid())
    assert Identity.mine().is_alive()


def test_an_identity_survives_json() -> None:
    mine = Identity.mine()
    assert Identity.parsed(json.loads(json.dumps(mine.document()))) == mine


@pytest.mark.parametrize("document", [None, 5, [], {}, {"pid": 5}, {"pid": "5", "started": 1, "boot": "b"}, "5"])
def test_anything_else_is_no_identity(document: object) -> None:
    assert Identity.parsed(document) is None


def test_a_process_named_like_its_own_status_line_is_read_right(start: Start) -> None:
    program = f"open('/proc/self/comm', 'w').write(') Z 1 (x'); {WAITING}"
    child, identity = start(program)
    assert Path(f"/proc/{child.pid}/comm").read_text() == ") Z 1 (x\n"
    assert identity.is_alive()
    assert identity.started > Identity.mine().started


def test_no_process_has_no_identity() -> None:
    assert Identity.of(2**22 + 1) is None


def test_a_zombie_is_dead(start: Start) -> None:
    child, identity = start(WAITING)
    child.kill()
    wait_for_remains(child.pid)
    assert Path(f"/proc/{child.pid}").exists()
    assert Identity.of(child.pid) is None
    assert not identity.is_alive()
    assert identity.wait(0.0)
    assert not identity.send(signal.SIGTERM)
    assert stop(identity, 0.0)


@pytest.mark.parametrize("changed", [{"started": 1}, {"boot": "00000000-0000-0000-0000-000000000000"}])
def test_a_reused_pid_is_never_adopted_and_never_signalled(changed: dict[str, int], start: Start) -> None:
    child, identity = start(WAITING)
    stranger = dataclasses.replace(identity, **changed)
    assert not stranger.is_alive()
    assert not stranger.send(signal.SIGKILL)
    assert stranger.wait(SECONDS)
    assert stop(stranger, SECONDS)
    assert identity.is_alive()
    assert child.stdin is not None
    child.stdin.close()
    assert child.wait() == 0


def test_waiting_ends_with_the_process_and_not_before(start: Start) -> None:
    child, identity = start(WAITING)
    assert not identity.wait(0.0)
    assert child.stdin is not None
    child.stdin.close()
    assert identity.wait(SECONDS)
    assert child.wait() == 0
    assert identity.wait(0.0)


def test_waiting_for_somebody_elses_child(detached: list[Identity], tmp_path: Path) -> None:
    starter = (
        "import json, os, signal, sys; from pathlib import Path\n"
        "from agents.campaign.process import start_detached\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler); signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
        "print(json.dumps(start_detached(['sleep', '600'], Path(sys.argv[1]), os.environ).document()))"
    )
    told = subprocess.run(
        [sys.executable, "-c", starter, str(tmp_path / "log")], check=True, capture_output=True, text=True
    )
    identity = Identity.parsed(json.loads(told.stdout))
    assert identity is not None
    detached.append(identity)
    assert not identity.wait(0.0)
    assert identity.send(signal.SIGTERM)
    assert identity.wait(SECONDS)


def test_an_event_loop_is_told_of_the_end_at_once(start: Start) -> None:
    child, identity = start(WAITING)

    async def watch() -> None:
        with identity.ending() as ended:
            assert not ended.is_set()
            child.kill()
            await asyncio.wait_for(ended.wait(), SECONDS)
        child.wait()
        with identity.ending() as ended:
            assert ended.is_set()

    asyncio.run(watch())


def test_a_process_that_has_ended_keeps_no_event_loop_busy(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    child, identity = start(WAITING)
    told: list[asyncio.Event] = []
    tell = asyncio.Event.set

    def counted(event: asyncio.Event) -> None:
        told.append(event)
        tell(event)

    monkeypatch.setattr(asyncio.Event, "set", counted)

    async def watch() -> None:
        with identity.ending() as ended:
            child.kill()
            await asyncio.wait_for(ended.wait(), SECONDS)
            for _ in range(100):
                await asyncio.sleep(0)

    asyncio.run(watch())
    assert len(told) == 1


def test_stop_lets_a_process_drain(start: Start) -> None:
    child, identity = start(DRAINING)
    assert stop(identity, SECONDS)
    assert child.wait() == 7


@pytest.mark.parametrize("grace_seconds", [0.0, 0.1])
def test_stop_kills_what_ignores_sigterm(grace_seconds: float, start: Start) -> None:
    child, identity = start(IGNORING)
    assert stop(identity, grace_seconds)
    assert child.wait() == -signal.SIGKILL


def test_stop_kills_a_grandchild_in_its_own_session_too(start: Start, tmp_path: Path) -> None:
    told = tmp_path / "pid"
    program = (
        "import subprocess, sys\n"
        "grandchild = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        f"open(sys.argv[1], 'w').write(str(grandchild.pid))\n{IGNORING}"
    )
    _, identity = start(program, str(told))
    grandchild = Identity.of(int(told.read_text()))
    assert grandchild is not None
    assert stop_with_descendants(identity, 0.1)
    assert grandchild.wait(SECONDS)


def test_stop_alone_leaves_descendants_alive(start: Start, tmp_path: Path) -> None:
    told = tmp_path / "pid"
    program = (
        "import subprocess, sys\n"
        "child = subprocess.Popen(['sleep', '600'])\n"
        f"open(sys.argv[1], 'w').write(str(child.pid))\n{IGNORING}"
    )
    _, identity = start(program, str(told))
    child = Identity.of(int(told.read_text()))
    assert child is not None
    assert stop(identity, 0.1)
    assert child.is_alive()
    child.send(signal.SIGKILL)


def test_a_session_is_known_by_its_leader_also_after_its_end(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    program = (
        "import pathlib, subprocess, sys\n"
        "left = subprocess.Popen(['sleep', '600'])\n"
        "pathlib.Path(sys.argv[1]).write_text(str(left.pid))\n"
    )
    leader = start_detached([sys.executable, "-c", program, str(told)], tmp_path / "log", os.environ)
    assert leader.wait(SECONDS)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(leader.pid, 0)
    (left,) = session_of(leader)
    assert left.pid == int(told.read_text())
    assert session_of(dataclasses.replace(leader, boot="another boot")) == []
    assert left.send(signal.SIGKILL)
    assert left.wait(SECONDS)
    assert session_of(leader) == []


def test_a_session_of_a_reused_number_is_somebody_elses(start: Start) -> None:
    _, leader = start(f"import os; os.setsid(); {WAITING}")
    assert session_of(leader) == [leader]
    assert session_of(dataclasses.replace(leader, started=leader.started + 1)) == []


UNTIL_SEEN = "import time\nwhile not os.path.exists(os.environ['SEEN']): time.sleep(0.01)"
"""The end of a program that lives until its start was seen: one that ends at once counts as not started."""


def test_a_detached_program_gets_its_arguments_its_variables_and_no_input(
    tmp_path: Path, detached: list[Identity]
) -> None:
    log = tmp_path / "logs" / "full_campaign.log"
    program = (
        "import os, sys\n"
        "own_session = os.getsid(0) == os.getpid()\n"
        "print(sys.argv[1:], os.environ['ONLY'], 'HOME' in os.environ, repr(sys.stdin.read()), own_session)\n"
        f"{UNTIL_SEEN}"
    )
    odd = ["$(touch pwned)", "a;b", "*", "it's", "", "a b"]
    seen = tmp_path / "seen"
    identity = start_detached([sys.executable, "-c", program, *odd], log, {"ONLY": "this", "SEEN": str(seen)})
    detached.append(identity)
    seen.touch()
    assert identity.wait(SECONDS)
    assert log.read_text() == f"{odd} this False '' True\n"
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_start_appends_to_the_log_and_never_erases_it(tmp_path: Path, detached: list[Identity]) -> None:
    log = tmp_path / "full_campaign.log"
    log.write_text("first campaign\n")
    for number in range(2):
        seen = tmp_path / f"seen {number}"
        program = f"import os, sys\n{UNTIL_SEEN}\nsys.exit('again')"
        identity = start_detached([sys.executable, "-c", program], log, {**os.environ, "SEEN": str(seen)})
        detached.append(identity)
        seen.touch()
        assert identity.wait(SECONDS)
    assert log.read_text() == "first campaign\nagain\nagain\n"


def test_a_detached_program_survives_the_shell_that_started_it(tmp_path: Path, detached: list[Identity]) -> None:
    starter = (
        "import json, os, signal, sys; from pathlib import Path\n"
        "from agents.campaign.process import start_detached\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler); signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
        "print(json.dumps(start_detached(['sleep', '600'], Path(sys.argv[1]), os.environ).document()), flush=True)\n"
        "sys.stdin.read()"
    )
    shell = subprocess.Popen(
        [sys.executable, "-c", starter, str(tmp_path / "log")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert shell.stdout is not None
    identity = Identity.parsed(json.loads(shell.stdout.readline()))
    assert identity is not None
    detached.append(identity)
    os.killpg(shell.pid, signal.SIGINT)
    os.killpg(shell.pid, signal.SIGHUP)
    shell.communicate()
    assert shell.returncode != 0
    assert identity.is_alive()
    assert os.getsid(identity.pid) == identity.pid


def test_a_program_that_is_not_there_is_an_error_with_a_cure(tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match="cannot be started: No such file") as caught:
        start_detached([str(tmp_path / "absent")], tmp_path / "log", {})
    assert caught.value.cure == "check the program's path"


def test_a_log_that_cannot_be_opened_is_an_error_and_starts_nothing(tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match="cannot be opened: Is a directory"):
        start_detached([sys.executable, "-c", "open('started', 'w')"], tmp_path, os.environ)
    assert not Path("started").exists()


def test_a_program_that_ended_before_it_could_be_known_is_a_failed_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_remains(pid: int) -> None:
        wait_for_remains(pid)

    monkeypatch.setattr(Identity, "of", find_remains)
    with pytest.raises(CampaignError, match="ended at once with exit code 2") as caught:
        start_detached([sys.executable, "-c", "import sys; sys.exit(2)"], tmp_path / "log", os.environ)
    assert str(tmp_path / "log") in caught.value.cure


def test_a_start_leaves_nothing_that_warns_later(tmp_path: Path, detached: list[Identity]) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        detached.append(start_detached(["sleep", "600"], tmp_path / "log", os.environ))
        gc.collect()
    assert [str(warning.message) for warning in caught] == []
