"""Disks that are full, fail to sync, or are read-only: what runs pauses and names the cause, and goes on later."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from disk import Disk, make_read_only, needs_mounts, unmount
from runs import (
    RUN,
    TARGET,
    acknowledged,
    auto,
    check_all_is_whole,
    check_nothing_acknowledged_is_lost,
    freeze,
    generate,
    goes_on,
    launches,
    thaw,
)
from world import World, wait_until

from agents.campaign.lease import is_held

NO_SPACE = "No space left on device"
FULL = "database or disk is full"
Mount = Callable[..., Disk]
Contents = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Contents:
    """What the campaign's ledger holds when nothing is in its way."""
    world = World(tmp_path_factory.mktemp("undisturbed"))
    assert world.run(*generate(world)).returncode == 0
    return world.contents(RUN)


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Mount]:
    """Makes disks of folders; use it before ``world``, so that they outlive its processes."""
    needs_mounts()
    disks: list[Disk] = []

    def mount(folder: Path, **options: int) -> Disk:
        disks.append(Disk(folder, **options))
        return disks[-1]

    yield mount
    for disk in reversed(disks):
        unmount(disk.folder)


# Row 28: the disk is full.


@pytest.mark.fault(row=28)
@pytest.mark.parametrize(
    "left", [0, *(pytest.param(pages * 4_096, marks=pytest.mark.slow) for pages in (1, 2, 4, 8, 16, 24, 32, 48))]
)
def test_a_disk_full_at_the_ledger_pauses_the_generator(
    mounted: Mount, world: World, undisturbed: Contents, left: int
) -> None:
    disk = mounted(world.home.root)
    generator = world.start(*generate(world))
    frozen = freeze(world)
    disk.leave(left)
    thaw(frozen)
    _, complaints = generator.communicate(timeout=60)

    assert generator.returncode == 6, complaints
    assert FULL in complaints or NO_SPACE in complaints
    assert "Traceback" not in complaints
    check_nothing_acknowledged_is_lost(world)
    disk.widen()
    again = world.run(*generate(world))
    assert again.returncode == 0, again.stderr
    assert world.contents(RUN) == undisturbed
    check_all_is_whole(world)


@pytest.mark.fault(row=28)
@pytest.mark.parametrize("pages", [1, pytest.param(4, marks=pytest.mark.slow)])
def test_a_disk_full_at_the_log_pauses_the_generator(
    mounted: Mount, world: World, undisturbed: Contents, pages: int
) -> None:
    disk = mounted(world.folder / "logs only", size=(pages + 1) * 4_096)
    world.home.training.mkdir(parents=True)
    (disk.folder / "full.log").touch()
    world.home.campaign_log.symlink_to(disk.folder / "full.log")

    paused = world.run(*generate(world))

    assert paused.returncode == 6, paused.stderr
    check_nothing_acknowledged_is_lost(world)
    assert 0 < acknowledged(world) < TARGET
    disk.widen()
    again = world.run(*generate(world))
    assert again.returncode == 0, again.stderr
    assert world.contents(RUN) == undisturbed


@pytest.mark.fault(row=28)
def test_a_disk_full_at_the_export_leaves_no_half_of_it(mounted: Mount, world: World, undisturbed: Contents) -> None:
    disk = mounted(world.home.datasets, size=32_768)

    paused = world.run(*generate(world))

    assert paused.returncode == 6, paused.stderr
    assert str(world.home.datasets / RUN) in paused.stderr
    assert NO_SPACE in paused.stderr
    assert list(world.home.datasets.iterdir()) == []
    assert world.contents(RUN) == undisturbed
    disk.widen()
    assert world.run(*generate(world)).returncode == 0
    manifest = world.read(world.home.datasets / RUN / "manifest.json")
    assert manifest["files"]["samples.jsonl"]["samples"] == TARGET


@pytest.mark.slow
@pytest.mark.fault(row=28)
@pytest.mark.parametrize(
    "left", [0, *(pytest.param(pages * 4_096, marks=pytest.mark.slow) for pages in (1, 2, 4, 6, 8, 16, 24, 32, 64))]
)
def test_a_disk_full_under_the_whole_workflow_pauses_it(
    mounted: Mount, world: World, undisturbed: Contents, left: int
) -> None:
    disk = mounted(world.home.root)
    orchestrator = world.start_campaign(*auto(world))
    frozen = freeze(world)
    disk.leave(left)
    thaw(frozen)
    output, complaints = orchestrator.communicate(timeout=60)
    wait_until(lambda: not is_held(world.home.warden_lease("campaign")))

    assert orchestrator.returncode == 6, complaints + output
    assert NO_SPACE in complaints or FULL in complaints
    assert "Traceback" not in complaints
    check_nothing_acknowledged_is_lost(world)
    shown = world.campaign("status")
    assert shown.returncode == 6, shown.stdout
    assert "Running: nothing" in shown.stdout
    assert "campaign_complete" not in shown.stdout
    disk.widen()
    goes_on(world)
    assert world.contents(RUN) == undisturbed
    check_all_is_whole(world)


@pytest.mark.slow
@pytest.mark.fault(row=28)
def test_a_status_file_that_cannot_be_written_does_not_end_the_campaign(
    mounted: Mount, world: World, undisturbed: Contents
) -> None:
    disk = mounted(world.home.training)
    elsewhere = world.folder / "another disk"
    (elsewhere / "runs").mkdir(parents=True, mode=0o700)
    (elsewhere / "full_campaign.log").touch()
    (world.home.training / "runs").symlink_to(elsewhere / "runs")
    world.home.campaign_log.symlink_to(elsewhere / "full_campaign.log")
    orchestrator = world.start_campaign(*auto(world))
    frozen = freeze(world)
    disk.leave(0)
    output, complaints = orchestrator.communicate(timeout=60)

    assert orchestrator.returncode == 6, complaints + output
    assert f"{world.home.training}/" in complaints
    assert is_held(world.home.run(RUN).lease)
    thaw(frozen)
    disk.widen()
    goes_on(world)
    assert launches(world) == 1
    assert world.contents(RUN) == undisturbed
    check_all_is_whole(world)


@pytest.mark.slow
@pytest.mark.fault(row=28)
def test_a_disk_full_at_the_orchestrators_log_pauses_the_workflow(
    mounted: Mount, world: World, undisturbed: Contents
) -> None:
    disk = mounted(world.home.orchestrator_log.parent, size=8_192)
    world.home.orchestrator_log.write_text("an older line\n" * 570)

    paused = world.campaign(*auto(world))

    assert paused.returncode == 6, paused.stderr
    assert f"log {world.home.orchestrator_log} cannot be written: {NO_SPACE}" in paused.stderr
    assert "Traceback" not in paused.stderr
    disk.widen()
    goes_on(world)
    assert launches(world) == 1
    assert world.contents(RUN) == undisturbed


# Row 29: what was written does not reach the disk.


def failing(call: str, when: str, *, of_children: bool = True) -> tuple[str, ...]:
    """Return the command in front of which those calls fail that ``when`` counts, see strace(1)."""
    strace = ("strace", "-qq", "-o", "/dev/null", "-e", f"trace={call}", *(("-f",) if of_children else ()))
    if shutil.which("strace") is None:
        pytest.skip("needs strace (apt-get install strace)")
    if subprocess.run((*strace, "true"), check=False, capture_output=True).returncode != 0:
        pytest.skip("needs the right to trace programs")
    return (*strace, "-e", f"inject={call}:error=EIO:when={when}")


def tells_of_the_disk(complaints: str) -> bool:
    return "disk I/O error" in complaints or "Input/output error" in complaints


@pytest.mark.fault(row=29)
@pytest.mark.parametrize(
    ("call", "when"),
    [
        (
            "fdatasync",
            "12",
        ),  # a commit in the middle; the second and the sixth are SQLite's of the folder: it does without
        ("fsync", "3"),  # the manifest of the export
        *(pytest.param("fdatasync", when, marks=pytest.mark.slow) for when in ("1", "3", "4", "5", "8", "12+", "13")),
        *(pytest.param("fsync", when, marks=pytest.mark.slow) for when in ("1", "2", "4", "5", "1+")),
    ],
)
def test_a_sync_that_fails_ends_the_generator_and_what_it_acknowledged_is_stored(
    world: World, undisturbed: Contents, call: str, when: str
) -> None:
    failed = world.run(*failing(call, when), *generate(world))

    assert failed.returncode == 6, failed.stderr
    assert tells_of_the_disk(failed.stderr)
    assert "Traceback" not in failed.stderr
    check_nothing_acknowledged_is_lost(world)
    again = world.run(*generate(world))
    assert again.returncode == 0, again.stderr
    assert world.contents(RUN) == undisturbed
    check_all_is_whole(world)


@pytest.mark.fault(row=29)
@pytest.mark.parametrize(
    ("call", "when"),
    [
        *(pytest.param("fdatasync", str(when), marks=pytest.mark.slow) for when in (1, 3, 4, 5, 7, 8, 9, 10, "7+")),
        *(pytest.param("fsync", str(when), marks=pytest.mark.slow) for when in (1, 2, 3, 4, 5, 8, 12, 16, 20, "3+")),
    ],
)
def test_a_sync_that_fails_never_costs_the_workflow_its_state(
    world: World, undisturbed: Contents, call: str, when: str
) -> None:
    orchestrator = (sys.executable, "-m", "agents", *auto(world))
    failed = world.run(*failing(call, when, of_children=False), *orchestrator)

    assert tells_of_the_disk(failed.stderr)
    assert "Traceback" not in failed.stderr
    assert failed.returncode in ({6} if call == "fdatasync" or when.endswith("+") else {0, 6}), failed.stderr
    goes_on(world)
    assert launches(world) == 1
    assert world.contents(RUN) == undisturbed
    check_all_is_whole(world)


# Row 30: a folder is read-only.


@pytest.fixture
def read_only() -> Iterator[Callable[[Path], None]]:
    """Makes folders that refuse every write."""
    needs_mounts()
    folders: list[Path] = []

    def make(folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        make_read_only(folder)
        folders.append(folder)

    yield make
    for folder in reversed(folders):
        unmount(folder)


@pytest.mark.fault(row=30)
@pytest.mark.parametrize("named", ["root", "training", "logs", "runs"])
def test_a_read_only_folder_is_refused_before_anything_starts(
    read_only: Callable[[Path], None], world: World, named: str
) -> None:
    folder = {"root": world.home.root, "training": world.home.training, "logs": world.home.orchestrator_log.parent}.get(
        named, world.home.training / "runs"
    )
    read_only(folder)

    refused = world.campaign(*auto(world))

    assert refused.returncode in {1, 6}, refused.stderr
    assert str(folder) in refused.stderr
    assert "cure:" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert list(folder.iterdir()) == []
    assert not world.home.pilot_log.exists()
    assert not world.home.campaign_log.exists()
