from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agents.campaign.errors import AlreadyRunningError, CampaignError, ExitCode
from agents.campaign.lease import Lease, held_for, holder, is_held
from agents.campaign.process import Identity

SECONDS = 20.0

OWNER = """
import sys
from pathlib import Path
from agents.campaign.errors import CampaignError
from agents.campaign.lease import Lease
print("ready", flush=True)
sys.stdin.readline()
try:
    with Lease(Path(sys.argv[1]), "Orchestrator"):
        print("held", flush=True)
        sys.stdin.read()
except CampaignError as error:
    print(error.what, flush=True)
    sys.exit(int(error.exit_code))
"""

ONLOOKER = """
import sys
from pathlib import Path
from agents.campaign.lease import is_held
print("ready", flush=True)
while True:
    is_held(Path(sys.argv[1]))
"""

Contender = subprocess.Popen[str]
Start = Callable[..., Contender]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "training" / "orchestrator.lease"


@pytest.fixture
def start(path: Path) -> Iterator[Start]:
    children: list[Contender] = []

    def start_python(program: str = OWNER) -> Contender:
        child = subprocess.Popen(
            [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        children.append(child)
        assert told_by(child) == "ready"
        return child

    yield start_python
    for child in children:
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            assert pipe is not None
            pipe.close()


def told_by(child: Contender) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def go(child: Contender) -> None:
    assert child.stdin is not None
    child.stdin.write("go\n")
    child.stdin.flush()


def end(child: Contender) -> int:
    assert child.stdin is not None
    child.stdin.close()
    return child.wait(SECONDS)


def take(child: Contender) -> Identity:
    go(child)
    assert told_by(child) == "held"
    identity = Identity.of(child.pid)
    assert identity is not None
    return identity


def test_nobody_holds_a_lease_that_was_never_taken(path: Path) -> None:
    assert not is_held(path)
    assert holder(path) is None
    assert held_for(path) is None
    assert not path.exists()


def test_a_lease_is_held_as_long_as_its_block_and_no_longer(path: Path) -> None:
    with Lease(path, "Orchestrator"):
        assert is_held(path)
        assert holder(path) == Identity.mine()
        assert held_for(path) == "Orchestrator"
    assert not is_held(path)
    assert holder(path) is None
    assert held_for(path) is None
    with pytest.raises(ZeroDivisionError), Lease(path, "Orchestrator"):
        raise ZeroDivisionError
    assert not is_held(path)


def test_the_file_names_the_owner_for_people_and_belongs_to_him_alone(path: Path) -> None:
    with Lease(path, "Orchestrator"):
        assert json.loads(path.read_text())["pid"] == os.getpid()
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_second_lease_in_the_same_process_is_refused(path: Path) -> None:
    with Lease(path, "Orchestrator"):
        with pytest.raises(AlreadyRunningError), Lease(path, "Orchestrator"):
            pytest.fail("taken twice")
        assert holder(path) == Identity.mine()


def test_of_many_started_at_once_one_works_and_the_others_name_it(path: Path, start: Start) -> None:
    contenders = [start() for _ in range(6)]
    for child in contenders:
        go(child)
    told = {child.pid: told_by(child) for child in contenders}
    owners = [pid for pid, words in told.items() if words == "held"]
    assert len(owners) == 1
    owner = holder(path)
    assert owner is not None
    assert owner.pid == owners[0]
    losers = [child for child in contenders if child.pid != owner.pid]
    assert {told[child.pid] for child in losers} == {f"Orchestrator already running (pid {owner.pid})"}
    assert {child.wait(SECONDS) for child in losers} == {ExitCode.ALREADY_RUNNING}
    assert end(next(child for child in contenders if child.pid == owner.pid)) == 0
    assert not is_held(path)


def test_the_error_names_the_owner_and_how_to_stop_it(path: Path, start: Start) -> None:
    owner = take(start())
    with pytest.raises(AlreadyRunningError) as caught, Lease(path, "Campaign"):
        pytest.fail("taken twice")
    assert caught.value.what == f"Campaign already running (pid {owner.pid})"
    assert "`campaign stop`" in caught.value.cure
    assert caught.value.cure.endswith(f"kill {owner.pid}")
    assert held_for(path) == "Orchestrator"


def test_kill_9_of_the_owner_frees_the_lease(path: Path, start: Start) -> None:
    first = start()
    owner = take(first)
    owner.send(signal.SIGKILL)
    assert owner.wait(SECONDS)
    assert not is_held(path)
    assert holder(path) is None
    assert take(start()) == holder(path)


def test_an_owner_that_is_a_zombie_holds_nothing(path: Path, start: Start) -> None:
    child = start()
    take(child)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert holder(path) is None
    with Lease(path, "Orchestrator"):
        assert holder(path) == Identity.mine()


def test_a_program_that_the_owner_started_does_not_inherit_the_lease(path: Path, start: Start) -> None:
    program = OWNER.replace(
        'print("held", flush=True)',
        "import subprocess\n"
        "        child = subprocess.Popen(['sleep', '600'], stdout=subprocess.DEVNULL, close_fds=False)\n"
        '        print("held", flush=True); print(child.pid, flush=True)',
    )
    first = start(program)
    owner = take(first)
    grandchild = Identity.of(int(told_by(first)))
    assert grandchild is not None
    try:
        owner.send(signal.SIGKILL)
        assert owner.wait(SECONDS)
        assert grandchild.is_alive()
        assert not is_held(path)
    finally:
        grandchild.send(signal.SIGKILL)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"', b'{"pid": 1}', b"\xff"])
def test_a_lease_is_its_lock_and_not_its_content(path: Path, start: Start, content: bytes) -> None:
    take(start())
    path.write_bytes(content)
    assert is_held(path)
    assert holder(path) is None
    with pytest.raises(AlreadyRunningError) as caught, Lease(path, "Orchestrator"):
        pytest.fail("taken twice")
    assert caught.value.what == "Orchestrator already running"
    assert caught.value.cure


def test_a_file_that_names_a_live_process_without_a_lock_is_stale(path: Path) -> None:
    path.parent.mkdir()
    path.write_text(json.dumps(Identity.mine().document() | {"what": "x" * 500}))
    assert not is_held(path)
    assert holder(path) is None
    with Lease(path, "Orchestrator"):
        assert holder(path) == Identity.mine()


def test_onlookers_do_not_disturb_the_taking_of_a_lease(path: Path, start: Start) -> None:
    with Lease(path, "Orchestrator"):
        pass
    start(ONLOOKER)
    for _ in range(100):
        with Lease(path, "Orchestrator"):
            assert is_held(path)


def test_onlookers_do_not_take_each_other_for_an_owner(path: Path, start: Start) -> None:
    with Lease(path, "Orchestrator"):
        pass
    start(ONLOOKER)
    assert not any(is_held(path) for _ in range(20_000))


def test_looking_does_not_change_the_file(path: Path, start: Start) -> None:
    take(start())
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    assert is_held(path)
    assert holder(path) is not None
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_a_full_disk_is_an_error_and_leaves_no_lock(path: Path) -> None:
    program = (
        "import resource, sys; from pathlib import Path\n"
        "from agents.campaign.errors import CampaignError; from agents.campaign.lease import Lease, is_held\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "try: Lease(Path(sys.argv[1]), 'Campaign').__enter__()\n"
        "except CampaignError as error: print(error.what); sys.exit(is_held(Path(sys.argv[1])))\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(path)], check=False, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == f"{path} cannot be locked: File too large\n"


def test_a_folder_in_the_way_is_an_error_with_a_cure(tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match="cannot be opened") as caught, Lease(tmp_path, "Campaign"):
        pytest.fail("taken")
    assert caught.value.cure
