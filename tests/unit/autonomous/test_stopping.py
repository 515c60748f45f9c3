from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from agents.autonomous.stopping import stop_all
from agents.campaign.home import Home
from agents.campaign.lease import Lease, is_held

OWNER = """
import signal, sys
from pathlib import Path
from agents.campaign.lease import Lease
if sys.argv[2] == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
with Lease(Path(sys.argv[1]), "test"):
    print("held", flush=True)
    signal.pause()
"""

Own = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def own(home: Home) -> Iterator[Own]:
    """Start a process that owns a lease; a deaf one ignores requests to stop."""
    owners: list[subprocess.Popen[str]] = []

    def start(name: str, hearing: str = "hears") -> subprocess.Popen[str]:
        path = home.orchestrator_lease if name == "orchestrator" else home.warden_lease(name)  # type: ignore[arg-type]
        owner = subprocess.Popen([sys.executable, "-c", OWNER, str(path), hearing], stdout=subprocess.PIPE, text=True)
        owners.append(owner)
        assert owner.stdout is not None
        assert owner.stdout.readline() == "held\n"
        return owner

    yield start
    for owner in owners:
        owner.kill()
        owner.communicate()


def test_where_nothing_runs_nothing_is_stopped(home: Home) -> None:
    for path in (home.orchestrator_pid, home.campaign_pid):
        path.write_text(str(os.getppid()))
    assert stop_all(home, orchestrator_only=False) == {}


def test_all_are_stopped_the_orchestrator_first(home: Home, own: Own) -> None:
    owners = {name: own(name) for name in ("campaign", "pilot", "orchestrator")}

    stopped = stop_all(home, orchestrator_only=False)

    assert stopped == {name: f"stopped (pid {owners[name].pid})" for name in ("orchestrator", "pilot", "campaign")}
    assert next(iter(stopped)) == "orchestrator"
    assert not any(is_held(lease) for lease in (home.orchestrator_lease, home.warden_lease("campaign")))


def test_the_orchestrator_alone_can_be_stopped(home: Home, own: Own) -> None:
    own("orchestrator"), own("campaign")
    assert list(stop_all(home, orchestrator_only=True)) == ["orchestrator"]
    assert is_held(home.warden_lease("campaign"))


def test_one_that_does_not_hear_is_killed_after_the_grace(home: Home, own: Own) -> None:
    owner = own("campaign", "deaf")
    assert stop_all(home, orchestrator_only=False, grace_seconds=0.1)["campaign"].startswith("stopped")
    assert owner.wait(10) == -9


def test_a_lease_whose_file_names_another_process_is_never_obeyed(home: Home) -> None:
    with Lease(home.warden_lease("campaign"), "campaign r"):
        stranger = subprocess.Popen(["/bin/sleep", "60"])
        home.warden_lease("campaign").write_text(f'{{"pid": {stranger.pid}, "started": 1, "boot": "before"}}')
        assert stop_all(home, orchestrator_only=False, grace_seconds=0.1) == {}
        assert stranger.poll() is None
        stranger.kill()
        stranger.wait()
