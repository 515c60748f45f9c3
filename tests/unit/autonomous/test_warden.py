"""The warden as the process that it is: what it starts, what it leaves behind, whom it tells."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.autonomous.generators import environment_of
from agents.campaign.files import read_json
from agents.campaign.home import Home
from agents.campaign.lease import Lease, held_for, holder, is_held
from agents.campaign.process import Identity

SECONDS = 20.0
RUN = "r"
WARDEN = (sys.executable, "-m", "agents.autonomous.warden")

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(home: Home) -> Iterator[Start]:
    """Start a warden over a Python program, or over another command; it is gone when the test ends."""
    wardens: list[subprocess.Popen[str]] = []

    def start_warden(program: str, *, kind: str = "campaign", command: list[str] | None = None) -> Any:
        argv = command or [sys.executable, "-c", textwrap.dedent(program)]
        warden = subprocess.Popen(
            [*WARDEN, "--kind", kind, "--run", RUN, "--launch", "7", "--", *argv],
            env=environment_of(home),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        wardens.append(warden)
        return warden

    yield start_warden
    for warden in wardens:
        warden.kill()
        warden.communicate()


def record(home: Home) -> dict[str, Any]:
    document = read_json(home.run(RUN).exit_record)
    assert document is not None
    return document


def first_line(warden: subprocess.Popen[str]) -> str:
    assert warden.stdout is not None
    return warden.stdout.readline().strip()


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_an_exit_code_is_recorded_and_handed_on(home: Home, start: Start) -> None:
    warden = start("import sys; print('words', flush=True); sys.exit(6)")

    output, _ = warden.communicate(timeout=SECONDS)

    assert (warden.returncode, output) == (6, "words\n")
    found = record(home)
    assert (found["launch"], found["run"], found["code"], found["signal"]) == (7, RUN, 6, None)
    assert found["argv"][0] == sys.executable
    assert found["started"] <= found["ended"]
    assert not home.campaign_pid.exists()
    assert not is_held(home.warden_lease("campaign"))


def test_a_signal_is_recorded_as_such(home: Home, start: Start) -> None:
    warden = start("import os; os.kill(os.getpid(), 9)")
    assert warden.wait(SECONDS) == 128 + 9
    assert (record(home)["code"], record(home)["signal"]) == (None, 9)


def test_while_it_watches_it_holds_the_lease_and_its_pid_is_told(home: Home, start: Start) -> None:
    home.run(RUN).folder.mkdir(parents=True)
    home.run(RUN).exit_record.write_text('{"launch": 6, "code": 0, "signal": null}')
    warden = start("print('up', flush=True); __import__('time').sleep(60)")
    assert first_line(warden) == "up"
    wait_until(home.campaign_pid.exists)

    assert home.campaign_pid.read_text() == f"{warden.pid}\n"
    assert held_for(home.warden_lease("campaign")) == f"campaign {RUN}"
    assert holder(home.warden_lease("campaign")) == Identity.of(warden.pid)
    assert not home.run(RUN).exit_record.exists()


def test_a_pilot_has_a_lease_of_its_own_and_no_pid_file(home: Home, start: Start) -> None:
    warden = start("print('up', flush=True); __import__('time').sleep(60)", kind="pilot")
    assert first_line(warden) == "up"
    assert held_for(home.warden_lease("pilot")) == f"pilot {RUN}"
    assert not is_held(home.warden_lease("campaign"))
    assert not home.campaign_pid.exists()


@pytest.mark.parametrize("content", ["1\n", "\udcff"])
def test_the_pid_file_of_another_is_left_alone(home: Home, start: Start, content: str) -> None:
    warden = start("print('up', flush=True); __import__('time').sleep(60)")
    first_line(warden)
    wait_until(home.campaign_pid.exists)
    home.campaign_pid.write_text(content, errors="surrogateescape")

    warden.terminate()

    assert warden.wait(SECONDS) == 128 + signal.SIGTERM
    assert home.campaign_pid.read_text(errors="surrogateescape") == content


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_to_stop_is_passed_on_and_the_drain_is_waited_for(
    home: Home, start: Start, number: signal.Signals
) -> None:
    warden = start(f"""
        import signal, sys
        def drain(*_):
            print("drained", flush=True)
            sys.exit(6)
        signal.signal({int(number)}, drain)
        print("up", flush=True)
        signal.pause()
        """)
    assert first_line(warden) == "up"

    warden.send_signal(number)

    assert warden.wait(SECONDS) == 6
    assert first_line(warden) == "drained"
    assert record(home)["code"] == 6


def test_a_closed_terminal_is_nothing_to_it(home: Home, start: Start) -> None:
    warden = start("""
        import os, signal
        print(repr(os.read(0, 1)), flush=True)
        signal.sigtimedwait({signal.SIGUSR1}, 0.1)
        """)
    assert first_line(warden) == "b''"
    warden.send_signal(signal.SIGHUP)
    assert warden.wait(SECONDS) == 0


def test_a_generator_whose_warden_is_killed_is_asked_to_drain(home: Home, start: Start) -> None:
    warden = start("""
        import os, signal, sys
        signal.signal(signal.SIGTERM, lambda *_: (print("drained", flush=True), os._exit(0)))
        print(os.getpid(), flush=True)
        while True:
            signal.pause()
        """)
    generator = Identity.of(int(first_line(warden)))
    assert generator is not None

    warden.kill()

    assert first_line(warden) == "drained"
    assert generator.wait(SECONDS)
    assert not is_held(home.warden_lease("campaign"))
    assert not home.run(RUN).exit_record.exists()


def test_an_orphan_of_the_generator_is_reaped(home: Home, start: Start) -> None:
    warden = start("""
        import os, sys, time
        if os.fork() == 0:
            if os.fork() == 0:
                time.sleep(0.1)
                print(os.getppid(), flush=True)
                os._exit(0)
            os._exit(0)
        os.wait()
        time.sleep(0.4)
        with open(f"/proc/{os.getppid()}/task/{os.getppid()}/children") as children:
            print(children.read().split() == [str(os.getpid())], flush=True)
        sys.exit(3)
        """)
    assert first_line(warden) == str(warden.pid)
    assert first_line(warden) == "True"
    assert warden.wait(SECONDS) == 3
    assert record(home)["code"] == 3


def test_a_lost_race_exits_with_75_and_touches_nothing(home: Home, start: Start) -> None:
    home.run(RUN).folder.mkdir(parents=True)
    home.run(RUN).exit_record.write_text('{"of": "the winner"}')
    home.campaign_pid.write_text("4711\n")
    with Lease(home.warden_lease("campaign"), "campaign other"):
        warden = start("print('started')")
        output, complaints = warden.communicate(timeout=SECONDS)

    assert (warden.returncode, output) == (75, "")
    assert str(os.getpid()) in complaints
    assert record(home) == {"of": "the winner"}
    assert home.campaign_pid.read_text() == "4711\n"


def test_a_program_that_is_not_there_is_an_error_with_a_cure(home: Home, start: Start) -> None:
    warden = start("", command=["/no/such/program"])
    _, complaints = warden.communicate(timeout=SECONDS)
    assert warden.returncode == 1
    assert "/no/such/program cannot be started" in complaints
    assert "cure:" in complaints
    assert not home.run(RUN).exit_record.exists()
    assert not home.campaign_pid.exists()


def test_a_request_to_stop_that_finds_a_dead_generator_leaves_it_to_be_reaped(home: Home) -> None:
    program = """
        import os, signal, sys
        from agents.autonomous import warden
        child = warden._start([sys.executable, "-c", ""])
        warden._pass_signals_to(child)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        os.kill(os.getpid(), signal.SIGTERM)
        print(warden._wait(child))
        """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        env=environment_of(home),
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.stdout == "0\n", done.stderr


def test_what_it_is_asked_for_has_to_be_whole(home: Home, start: Start, tmp_path: Path) -> None:
    refused = subprocess.run(
        [*WARDEN, "--kind", "campaign", "--run", "../out", "--launch", "1", "x"],
        env=environment_of(home),
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert refused.returncode == 2
    assert "cannot name a run" in refused.stderr
    assert sorted(path.name for path in home.training.iterdir()) == []


LEAVER = """
import os, signal, sys, time
ready, told = os.pipe()
if os.fork() == 0:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_IGN if sys.argv[1] == "deaf" else signal.SIG_DFL)
    print(os.getpid(), flush=True)
    os.write(told, b"!")
    time.sleep(60)
os.read(ready, 1)
"""


@pytest.mark.parametrize("hearing", ["hears", "deaf"])
def test_what_a_generator_leaves_running_is_ended_and_listed(home: Home, hearing: str) -> None:
    program = f"""
        import sys
        from pathlib import Path
        from agents.autonomous import warden
        from agents.campaign.home import Home
        warden.LEFTOVER_SECONDS = 0.2
        argv = [sys.executable, "-c", {LEAVER!r}, {hearing!r}]
        sys.exit(warden.watch(Home(Path({str(home.root)!r})), "campaign", {RUN!r}, 7, argv))
        """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], check=False, capture_output=True, text=True, timeout=SECONDS
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert Identity.of(int(done.stdout)) is None
    assert [line.split()[0] for line in record(home)["leftovers"]] == [done.stdout.strip()]
