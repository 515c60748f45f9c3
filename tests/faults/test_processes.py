"""Rows of the fault matrix that need real processes: starts at once, exact moments, signals, zombies, reused pids."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import shutil
import signal
import sqlite3
import subprocess
import sys
import termios
import textwrap
import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from stage_real import RUN, check_end, command, finish, generator_of, launches, live
from world import ROOT, World, kill_hard, wait_until

from agents.autonomous.stopping import stop_all
from agents.campaign.lease import holder, is_held
from agents.campaign.process import Identity

pytestmark = pytest.mark.story

CROWD = 12
LONG_TARGET = 900
"""Accepted samples of a campaign that is still at work when twelve interpreters have started on two processors."""


@pytest.mark.slow
@pytest.mark.fault(row=4)
def test_of_twelve_orchestrators_one_works_and_eleven_name_it(world: World) -> None:
    arguments = command(world, LONG_TARGET)
    crowd = [world.start_campaign(*arguments) for _ in range(CROWD)]
    complaints = [process.communicate(timeout=200)[1] for process in crowd]

    codes = [process.returncode for process in crowd]
    assert sorted(codes) == [0] + [4] * (CROWD - 1), complaints
    winner = crowd[codes.index(0)]
    losers = [said for said, code in zip(complaints, codes, strict=True) if code == 4]
    assert all(f"pid {winner.pid}" in said for said in losers), losers
    assert launches(world) == 1
    world.check_accounts(f"full_campaign_{LONG_TARGET}", accepted=LONG_TARGET)


AT_THE_SPAWN = textwrap.dedent("""
    import os, signal, sys
    from agents.autonomous import generators, runner
    start = generators.start_detached

    def dying(argv, *rest):
        if argv[argv.index("--kind") + 1] != "campaign":
            return start(argv, *rest)
        if {after}:
            start(argv, *rest)
        os.kill(os.getpid(), signal.SIGKILL)

    generators.start_detached = dying
    sys.exit(runner.main(sys.argv[1:]))
    """)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("after", "starts"),
    [pytest.param(False, 2, marks=pytest.mark.fault(row=2)), pytest.param(True, 1, marks=pytest.mark.fault(row=3))],
)
def test_killed_right_before_and_right_after_the_spawn(
    world: World, undisturbed: Any, after: bool, starts: int
) -> None:
    """A start that never happened is made again; one that did is adopted: nothing ever runs twice."""
    arguments = command(world)
    script = AT_THE_SPAWN.format(after=after)
    died = world.run(sys.executable, "-c", script, *arguments[1:-1])
    assert died.returncode == -signal.SIGKILL
    assert launches(world) == 1
    if after:
        generator_of(world)

    again = world.campaign(*arguments)

    assert again.returncode == 0, again.stderr
    assert launches(world) == starts
    assert ("adopted" in again.stderr) is after
    check_end(world, undisturbed.contents)


@pytest.fixture
def foreign(world: World) -> World:
    """A world with somebody else's good pilot."""
    world.home.pilot_log.parent.mkdir(parents=True)
    world.home.pilot_log.write_text("".join(f"quality_score: 0.9\nProgress: {done}/20\n" for done in range(1, 21)))
    return world


def with_generator(world: World, program: str) -> tuple[str, ...]:
    path = world.folder / "generator.py"
    path.write_text(textwrap.dedent(program))
    return command(world, 80, f"campaign: {{target: 80, command: {json.dumps([sys.executable, str(path)])}}}\n")


@pytest.mark.fault(row=7)
def test_a_generator_that_ends_at_once_was_never_launched(foreign: World) -> None:
    ended = foreign.campaign(*with_generator(foreign, "import sys; sys.exit('the API key is missing')"))

    assert ended.returncode == 1
    assert foreign.state["phase"] == "launch_failed"
    assert "the API key is missing" in foreign.state["cause"]
    assert foreign.read(foreign.home.launch_status)["launched"] is False


@pytest.mark.slow
@pytest.mark.fault(row=8)
def test_a_crash_loop_ends_and_says_so(world: World, undisturbed: Any) -> None:
    stop = threading.Event()

    def kill_every_one() -> None:
        while not stop.wait(0.005):
            if found := holder(world.home.run(RUN).lease):
                with suppress(ProcessLookupError):
                    kill_hard(found.pid)

    killer = threading.Thread(target=kill_every_one)
    killer.start()
    try:
        ended = world.campaign(*command(world))
    finally:
        stop.set()
        killer.join()

    assert ended.returncode == 1, ended.stderr
    assert world.state["phase"] in {"campaign_failed", "launch_failed"}
    assert "signal 9" in world.state["cause"]
    assert launches(world) <= 4
    finish(world, *command(world))
    check_end(world, undisturbed.contents)


def everything_killed(world: World) -> Identity:
    """Start the workflow, kill all of it in the middle, return the warden that was."""
    first = world.start_campaign(*command(world))
    generator_of(world)
    wait_until(lambda: "warden" in live(world))
    there = live(world)
    for identity in there.values():
        kill_hard(identity.pid)
    first.communicate()
    wait_until(lambda: not live(world))
    return there["warden"]


@pytest.mark.slow
@pytest.mark.fault(row=9)
def test_pid_files_and_leases_that_name_strangers(world: World, undisturbed: Any) -> None:
    stranger = world.start("sleep", "600")
    everything_killed(world)
    world.home.orchestrator_pid.write_text(f"{stranger.pid}\n")
    world.home.campaign_pid.write_text(f"{stranger.pid}\n")
    named = Identity.of(stranger.pid)
    assert named is not None
    world.home.orchestrator_lease.write_text(json.dumps(named.document() | {"what": "Orchestrator"}))

    stopped = world.campaign("stop")
    finish(world, *command(world))

    assert "Nothing was running" in stopped.stdout
    assert stranger.poll() is None
    check_end(world, undisturbed.contents)


@pytest.mark.slow
@pytest.mark.fault(row=9)
def test_a_pid_that_is_used_again_is_somebody_else(world: World, undisturbed: Any) -> None:
    last_pid = Path("/proc/sys/kernel/ns_last_pid")
    if os.geteuid() != 0 or not os.access(last_pid, os.W_OK):
        pytest.skip("only root may choose the next pid")
    was = everything_killed(world)
    strangers = []
    for _ in range(50):
        last_pid.write_text(str(was.pid - 1))
        strangers.append(world.start("sleep", "600"))
        if strangers[-1].pid == was.pid:
            break
    else:
        pytest.skip("this kernel does not give out the pid that is asked for")

    assert not was.is_alive()
    assert not was.send(signal.SIGTERM)
    finish(world, *command(world))

    assert all(stranger.poll() is None for stranger in strangers)
    check_end(world, undisturbed.contents)


@pytest.mark.slow
@pytest.mark.fault(row=10)
def test_a_zombie_is_dead(world: World, undisturbed: Any) -> None:
    first = world.start_campaign(*command(world))
    generator_of(world)
    kill_hard(first.pid)
    wait_until(lambda: psutil.Process(first.pid).status() == psutil.STATUS_ZOMBIE)

    assert Identity.of(first.pid) is None
    finish(world, *command(world))

    check_end(world, undisturbed.contents)


@pytest.mark.slow
@pytest.mark.fault(row=11)
def test_another_boot(world: World, undisturbed: Any) -> None:
    """All processes are gone, and what was written about them is of a boot that is over."""
    was = everything_killed(world)
    with closing(sqlite3.connect(world.home.workflows)) as store, store:
        changed = store.execute("UPDATE launches SET warden = replace(warden, ?, 'an-older-boot')", (was.boot,))
        assert changed.rowcount > 0

    finish(world, *command(world))

    check_end(world, undisturbed.contents)


@pytest.mark.fault(row=12)
def test_a_generator_that_ignores_sigterm_is_killed_and_seen_gone(foreign: World) -> None:
    deaf = """
        import signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("Progress: 1/80", flush=True)
        time.sleep(600)
        """
    foreign.start_campaign(*with_generator(foreign, deaf))
    wait_until(foreign.phase_is("campaign_launched"))
    warden = holder(foreign.home.warden_lease("campaign"))
    assert warden is not None
    family = [Identity.of(child.pid) for child in psutil.Process(warden.pid).children()]

    outcomes = stop_all(foreign.home, orchestrator_only=False, grace_seconds=1.0)

    assert outcomes["campaign"].startswith("stopped")
    assert not is_held(foreign.home.warden_lease("campaign"))
    assert family
    assert not any(member.is_alive() for member in family if member is not None)


@pytest.mark.fault(row=13)
def test_a_grandchild_in_a_session_of_its_own_does_not_stay(foreign: World) -> None:
    leaving = """
        import pathlib, subprocess, sys, time
        child = subprocess.Popen(["sleep", "600"], start_new_session=True)
        pathlib.Path(sys.argv[0]).with_name("grandchild").write_text(str(child.pid))
        print("Progress: 80/80", flush=True)
        time.sleep(2)
        """
    ended = foreign.campaign(*with_generator(foreign, leaving))

    assert ended.returncode == 0, ended.stderr
    grandchild = int((foreign.folder / "grandchild").read_text())
    wait_until(lambda: Identity.of(grandchild) is None)


@pytest.mark.slow
@pytest.mark.fault(row=14)
def test_the_terminal_is_closed(world: World, undisturbed: Any) -> None:
    master, slave = pty.openpty()
    first = subprocess.Popen(
        [sys.executable, "-m", "agents", *command(world)],
        env=world.environment,
        cwd=ROOT,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 -- no thread runs yet
    )
    os.close(slave)
    drain = threading.Thread(target=_read_all, args=(master,), daemon=True)
    drain.start()
    generator = generator_of(world)
    os.kill(first.pid, signal.SIGHUP)

    assert first.wait(timeout=120) == 0
    drain.join(timeout=10)
    os.close(master)
    assert not generator.is_alive()
    check_end(world, undisturbed.contents)


def _read_all(descriptor: int) -> None:
    with suppress(OSError):
        while os.read(descriptor, 65_536):
            pass


@pytest.mark.slow
@pytest.mark.fault(row=14)
def test_ctrl_c_in_the_shell_that_launched_it(world: World, undisturbed: Any) -> None:
    arguments = [sys.executable, "-m", "agents", *command(world)]
    first = subprocess.Popen(
        arguments, env=world.environment, cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    generator = generator_of(world)
    os.killpg(first.pid, signal.SIGINT)

    assert first.wait(timeout=60) == 6
    assert world.state["phase"] == "stopped"
    assert generator.is_alive() or world.accepted(RUN) == 120
    finish(world, *command(world))
    assert launches(world) == 1
    check_end(world, undisturbed.contents)


@pytest.mark.slow
@pytest.mark.fault(row=15)
def test_a_stalled_campaign_is_called_stalled_and_goes_on(world: World) -> None:
    world.recipe()
    recipe, run = world.folder / "recipe.yaml", "full_campaign_1500"
    arguments = command(world, 1_500)
    recipe.write_text(recipe.read_text().replace("watch: {", "watch: {stall_minutes: 0.02, "))
    first = world.start_campaign(*arguments)
    wait_until(lambda: world.accepted(run) >= 1)
    generator = generator_of(world, run)
    generator.send(signal.SIGSTOP)
    try:
        wait_until(
            lambda: world.home.campaign_status.exists() and world.read(world.home.campaign_status)["state"] == "stalled"
        )
        assert world.state["phase"] == "campaign_launched"
        assert world.state["campaign_result"]["is_running"] is True
    finally:
        generator.send(signal.SIGCONT)

    _, complaints = first.communicate(timeout=120)
    assert first.returncode == 0, complaints
    world.check_accounts(run, accepted=1_500)


@pytest.mark.slow
@pytest.mark.fault(row=34)
def test_a_machine_that_was_suspended_for_a_day(world: World, undisturbed: Any) -> None:
    """In a time namespace of its own the clocks that count durations stand a day ahead."""
    ahead = ["unshare", "--time", "--monotonic", "86400", "--boottime", "86400", "--fork"]
    if shutil.which("unshare") is None or subprocess.run([*ahead, "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs root and a kernel with time namespaces")

    first = world.start_campaign(*command(world))
    generator_of(world)
    kill_hard(first.pid)
    first.communicate()
    done = world.run(*ahead, sys.executable, "-m", "agents", *command(world))

    assert done.returncode == 0, done.stderr
    check_end(world, undisturbed.contents)


@pytest.mark.slow
@pytest.mark.fault(row=44)
def test_a_worker_that_the_kernel_kills_is_named(world: World, undisturbed: Any) -> None:
    arguments = command(world)
    recipe = world.folder / "recipe.yaml"
    recipe.write_text(recipe.read_text().replace("parallel: false", "parallel: true, workers: 2"))
    first = world.start_campaign(*arguments)
    generator = generator_of(world)
    wait_until(lambda: len(psutil.Process(generator.pid).children()) == 2)
    kill_hard(psutil.Process(generator.pid).children()[0].pid)

    first.communicate(timeout=120)

    assert first.returncode == 6
    assert world.state["phase"] == "paused"
    assert "killed by SIGKILL" in world.state["cause"]
    finish(world, *arguments)
    check_end(world, undisturbed.contents)
