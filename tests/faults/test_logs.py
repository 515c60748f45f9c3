"""Logs of other programs, as files and processes: missing, rotated, cut, torn, noisy, full of impossible claims."""

from __future__ import annotations

import random
import shutil
import sys
from pathlib import Path

import pytest
from world import World, wait_until

from agents.campaign.errors import ExitCode
from agents.campaign.readers import CUT, LogReader

SAMPLES = 190
WATCH = "watch: {pilot_seconds: 0.05, campaign_seconds: 0.05, stall_minutes: 0.02}\nspeed: {parallel: false}\n"
MEMORY_BYTES = 400 << 20
"""Address space for data that a program may have which reads a line of 50 MB; without reading any it needs 150 MiB."""


def line(done: int, score: float = 0.8) -> str:
    return f"[gen] quality_score={score}\nProgress: {done}/{SAMPLES}\n"


def impatient(world: World, more: str = "") -> str:
    recipe = world.recipe()
    recipe.write_text(WATCH + more)
    return str(recipe)


def foreign(program: str, *arguments: str, target: int = 40) -> str:
    literal = program.replace("{", "{{").replace("}", "}}")
    return f"campaign: {{target: {target}, command: {[sys.executable, '-c', literal, *arguments]!r}}}\n"


def pilot_log(world: World, content: str | bytes) -> Path:
    world.home.training.mkdir(parents=True, exist_ok=True)
    world.home.pilot_log.write_bytes(content if isinstance(content, bytes) else content.encode())
    return world.home.pilot_log


# Row 16: the log is missing.


@pytest.mark.fault(row=16)
def test_a_pilot_log_that_never_appears_is_waited_for_and_never_complete(world: World) -> None:
    recipe = impatient(world, f"pilot: {{log: {world.folder / 'nowhere' / 'pilot.log'}}}\n")

    paused = world.campaign("auto", "--recipe", recipe, "--json")

    assert paused.returncode == 6, paused.stdout
    assert str(world.folder / "nowhere" / "pilot.log") in world.state["cause"]
    assert world.state["phase"] == "paused"
    assert world.read(world.home.pilot_status)["is_complete"] is False


@pytest.mark.fault(row=16)
@pytest.mark.parametrize("code", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_a_campaign_that_takes_its_log_away_is_never_complete(world: World, code: int) -> None:
    program = "import pathlib, sys; pathlib.Path(sys.argv[1]).unlink(); sys.exit(int(sys.argv[2]))"
    pilot_log(world, "".join(map(line, range(1, SAMPLES + 1))))

    failed = world.campaign("auto", "--recipe", impatient(world, foreign(program, "{log}", str(code))), "--json")

    assert failed.returncode == 1, failed.stdout
    assert world.state["phase"] in {"campaign_failed", "launch_failed"}
    assert "Traceback" not in failed.stderr


# Row 17: the log is rotated, cut, its inode is used again.


ROTATING = """
import json, os, pathlib, sys, time
log, status, how = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
def line(done): return f"[gen] quality_score=0.8\\nProgress: {done}/190\\n"
def seen(done):
    while True:
        try:
            if json.loads(status.read_text())["progress"] >= done:
                return
        except (FileNotFoundError, ValueError):
            pass
        time.sleep(0.01)
file = log.open("a", buffering=1)
for done in range(1, 191):
    file.write(line(done))
    if done % 40 == 0:
        seen(done - 1)
        if how == "renamed":
            log.rename(log.with_suffix(f".{done}"))
        elif how == "renamed late":
            log.rename(log.with_suffix(f".{done}"))
            file.write("still the old file\\n")
        elif how == "removed":
            log.unlink()
        elif how == "cut":
            os.truncate(log, 0)
        if how != "cut":
            file = log.open("a", buffering=1)
"""


@pytest.mark.fault(row=17)
@pytest.mark.parametrize("how", ["renamed", "removed", pytest.param("renamed late", marks=pytest.mark.slow)])
def test_a_log_that_is_rotated_while_it_is_watched_loses_nothing(world: World, how: str) -> None:
    log = pilot_log(world, "[gen] loading\n")
    recipe = impatient(world, f"pilot: {{log: {log}}}\n")
    watch = world.start_campaign("auto", "--no-auto-launch", "--json", "--recipe", recipe)
    writer = world.start(sys.executable, "-c", ROTATING, str(world.home.pilot_log), str(world.home.pilot_status), how)
    _, complaints = watch.communicate(timeout=60)
    assert writer.wait(timeout=10) == 0

    status = world.read(world.home.pilot_status)
    assert (status["progress"], status["scored"], status["is_complete"]) == (SAMPLES, SAMPLES, True)
    assert status["problems"] == []
    assert watch.returncode == ExitCode.WAITING, complaints
    assert world.read(world.home.validation)["verdict"] == "APPROVED"


@pytest.mark.fault(row=17)
def test_a_log_that_is_cut_while_it_is_watched_is_told_and_not_approved(world: World) -> None:
    pilot_log(world, "[gen] loading\n")
    watch = world.start_campaign("monitor", "--json", "--recipe", impatient(world))
    writer = world.start(sys.executable, "-c", ROTATING, str(world.home.pilot_log), str(world.home.pilot_status), "cut")
    _, complaints = watch.communicate(timeout=60)
    assert writer.wait(timeout=10) == 0

    status = world.read(world.home.pilot_status)
    assert CUT in status["problems"], complaints
    assert status["scored"] < SAMPLES
    validated = world.campaign("validate", "--recipe", impatient(world), "--json")
    assert validated.returncode != 0, validated.stdout


# Row 18: half lines, redrawn lines, NULs, bad UTF-8, a line of 50 MB.


def noisy_log() -> bytes:
    noise = random.Random(18)
    pieces = []
    for done in range(1, SAMPLES + 1):
        pieces += [
            noise.randbytes(noise.randrange(60)).replace(b"/", b"").replace(b"\n", b"").replace(b"\r", b"") + b"\n",
            b"\0" * noise.randrange(5) + f"quality_score={0.5 + done % 5 / 10:.1f}".encode(),
            noise.choice([b"\n", b"\r\n", b"\r", b" \xff\xfe\n"]),
            f"\r{done:3}/{SAMPLES} [00:01<00:02]\x1b[K".encode() if done % 2 else b"",
            f"\nProgress: {done}/{SAMPLES}\n".encode(),
        ]
    return b"".join(pieces)


def counts(log: Path) -> tuple[int | None, int, float, int]:
    progress = LogReader(log).end()
    return progress.done, progress.scored, round(progress.score_sum, 6), progress.problem_count


@pytest.mark.fault(row=18)
@pytest.mark.parametrize("seed", range(20))
def test_the_counts_are_the_same_however_a_noisy_log_grows(tmp_path: Path, seed: int) -> None:
    whole, log, draw = noisy_log(), tmp_path / "pilot.log", random.Random(seed)
    log.write_bytes(whole)
    expected = counts(log)
    log.write_bytes(b"")
    reader, at = LogReader(log), 0
    with log.open("ab", buffering=0) as file:
        while at < len(whole):
            size = draw.choice([1, 7, 100, 5_000])
            file.write(whole[at : at + size])
            at += size
            reader.read()

    progress = reader.end()

    assert expected[:2] == (SAMPLES, SAMPLES)
    assert (progress.done, progress.scored, round(progress.score_sum, 6), progress.problem_count) == expected


@pytest.mark.fault(row=18)
def test_a_line_of_50_megabytes_is_read_in_little_memory(world: World) -> None:
    if shutil.which("prlimit") is None:
        pytest.skip("needs prlimit, of util-linux")
    lines = "".join(map(line, range(1, SAMPLES + 1))).encode()
    pilot_log(world, noisy_log().splitlines()[0] + b"\n" + b"x\0" * (25 << 20) + b"\n" + lines)

    bounded = ("prlimit", f"--data={MEMORY_BYTES}", sys.executable, "-m", "agents")
    validated = world.run(*bounded, "validate", "--recipe", impatient(world))

    assert validated.returncode == 0, validated.stdout + validated.stderr
    assert world.read(world.home.pilot_status)["scored"] == SAMPLES


# Rows 19 to 21: what a log claims and cannot be.


COMPLETE = "".join(map(line, range(1, SAMPLES + 1)))
SHORT = "".join(map(line, range(1, 101)))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(SHORT + "Progress: 0/0\n", marks=pytest.mark.fault(row=19), id="0/0"),
        pytest.param(SHORT + "Progress: 999/190\n", marks=pytest.mark.fault(row=19), id="999/190"),
        pytest.param(SHORT + "Progress: 44/44\n", marks=pytest.mark.fault(row=19), id="44/44"),
        pytest.param(SHORT + "Progress: 5/0\n", marks=[pytest.mark.fault(row=19), pytest.mark.slow], id="5/0"),
        pytest.param(
            "quality_score=0.9\n" * 1000 + "Progress: 1,000/1,00\n",
            marks=[pytest.mark.fault(row=19), pytest.mark.slow],
            id="1,000/1,00",
        ),
        pytest.param(
            COMPLETE + "Progress: 20/190\n", marks=[pytest.mark.fault(row=19), pytest.mark.slow], id="backwards"
        ),
        pytest.param(COMPLETE.replace("=0.8", "=nan", 1), marks=pytest.mark.fault(row=20), id="NaN"),
        pytest.param(
            COMPLETE.replace("=0.8", "=inf", 1), marks=[pytest.mark.fault(row=20), pytest.mark.slow], id="inf"
        ),
        pytest.param(COMPLETE.replace("=0.8", "=-0.1", 1), marks=pytest.mark.fault(row=20), id="-0.1"),
        pytest.param(COMPLETE.replace("=0.8", "=82"), marks=[pytest.mark.fault(row=20), pytest.mark.slow], id="82"),
        pytest.param(
            COMPLETE.replace("=0.8", "=0.8 0.9", 1), marks=[pytest.mark.fault(row=20), pytest.mark.slow], id="two"
        ),
        pytest.param(
            "Sample accepted\n" * SAMPLES + "Progress: 190/190\n", marks=pytest.mark.fault(row=21), id="acceptance"
        ),
        pytest.param(
            "Connection accepted, 2 not accepted\n" * SAMPLES + "Progress: 190/190 | Acceptance: 100.00%\n",
            marks=[pytest.mark.fault(row=21), pytest.mark.slow],
            id="the word",
        ),
    ],
)
def test_a_log_that_claims_what_cannot_be_is_not_approved(world: World, content: str) -> None:
    pilot_log(world, content)

    validated = world.campaign("validate", "--recipe", impatient(world), "--json")
    launched = world.campaign("launch", "--recipe", impatient(world), "--json")

    assert validated.returncode != 0, validated.stdout
    assert launched.returncode != 0, launched.stdout
    assert "Traceback" not in validated.stderr + launched.stderr
    assert world.read(world.home.validation)["approved"] is False
    assert not world.home.campaign_log.exists()


@pytest.mark.fault(row=(19, 20, 21))
def test_a_log_without_any_of_that_is_approved(world: World) -> None:
    pilot_log(world, COMPLETE)

    assert world.campaign("validate", "--recipe", impatient(world)).returncode == 0


@pytest.mark.fault(row=(16, 17))
@pytest.mark.slow
def test_a_campaign_whose_log_is_rotated_is_complete_when_all_agrees(world: World) -> None:
    program = (
        "import os, sys, time\n"
        "for done in range(1, 41):\n"
        "    if done == 20: os.rename(sys.argv[1], sys.argv[1] + '.1')\n"
        "    with open(sys.argv[1], 'a') as log: print(f'Progress: {done}/40', file=log)\n"
        "    time.sleep(0.05)\n"
    )
    pilot_log(world, COMPLETE)

    done = world.campaign("auto", "--recipe", impatient(world, foreign(program, "{log}")), "--json")

    assert done.returncode == 0, done.stderr
    assert world.state["campaign_result"]["problems"] == []
    wait_until(lambda: world.home.campaign_log.read_text().endswith("Progress: 40/40\n"))
