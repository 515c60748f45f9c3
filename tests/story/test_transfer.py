"""Datasets go to another machine: a real sshd on loopback, real rsync, real losses."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
from far_machine import FarMachine, far_machine, missing_programs
from world import ROOT, wait_until

from agents.campaign.clock import SystemClock
from agents.campaign.destination import TransferSection
from agents.campaign.errors import CampaignError, DamagedFileError, ExitCode, PausedError, UsageError
from agents.campaign.home import Home
from agents.training.transfer.sending import transfer

pytestmark = [
    pytest.mark.story,
    pytest.mark.timeout(60),
    pytest.mark.skipif(bool(missing_programs()), reason=f"not installed: {', '.join(missing_programs())}"),
]

PROGRAM = """
import sys
from pathlib import Path
from agents.campaign.clock import SystemClock
from agents.campaign.destination import TransferSection
from agents.campaign.errors import CampaignError
from agents.campaign.home import Home
from agents.training.transfer.sending import transfer
try:
    section = TransferSection.model_validate_json(sys.argv[2])
    nothing = lambda *_: None
    transfer(Home(Path(sys.argv[1])), section, [], SystemClock(), dry_run=False, say=nothing, progressed=nothing)
except CampaignError as error:
    print(error)
    sys.exit(error.exit_code)
"""
LONG = 6_000_000
SLOW = {"bandwidth_mb": 1.0}


@pytest.fixture
def far(tmp_path: Path) -> Iterator[FarMachine]:
    with far_machine(tmp_path / "far") as machine:
        yield machine


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "near")


def make_dataset(home: Home, name: str = "alttp", size: int = 50_000, script: str | None = None) -> Path:
    folder = home.datasets / name
    contents = {"train.jsonl": Random(name).randbytes(size), "parts/test.jsonl": Random(size).randbytes(1_000)}
    for file, data in contents.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(data)
    if script is not None:
        (folder / f"train_{name}.py").write_text(script, encoding="utf-8")
    files = {file: {"sha256": hashlib.sha256(data).hexdigest()} for file, data in contents.items()}
    (folder / "manifest.json").write_bytes(orjson.dumps({"files": files}))
    return folder


def section(far: FarMachine, **keys: Any) -> TransferSection:
    return TransferSection(config=str(far.config), **keys)


def send(home: Home, far: FarMachine, *, dry_run: bool = False, **keys: Any) -> dict[str, Any]:
    there: list[tuple[int, int]] = []
    document = transfer(
        home,
        section(far, **keys),
        [],
        SystemClock(),
        dry_run=dry_run,
        say=lambda _: None,
        progressed=lambda done, total: there.append((done, total)),
    )
    assert dry_run or there[-1] == (document["bytes"], document["bytes"])
    return document


def start_sending(home: Home, far: FarMachine, **keys: Any) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", PROGRAM, str(home.root), section(far, **keys).model_dump_json()]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    return subprocess.Popen(arguments, env=environment, text=True, stdout=subprocess.PIPE)


def arrived(far: FarMachine, name: str = "alttp") -> Path:
    return far.home / "training" / "datasets" / name


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def is_under_way(far: FarMachine) -> Callable[[], bool]:
    half = arrived(far) / "train.jsonl"
    return lambda: half.exists() and half.stat().st_size > 100_000


def test_datasets_and_scripts_arrive_proved_and_a_second_time_nothing_is_sent(far: FarMachine, home: Home) -> None:
    folder = make_dataset(home, script="print('trained')\n")
    make_dataset(home, "yaze")
    (home.datasets / "unfinished").mkdir()
    (far.home / "training").mkdir()
    (far.home / "training" / "train_alttp.py").write_text("print('somebody wrote this')\n", encoding="utf-8")

    looked = send(home, far, dry_run=True)
    assert [one["dataset"] for one in looked["datasets"]] == ["alttp", "yaze"]
    assert set(looked["datasets"][0]["sent"]) == set(contents(folder))
    assert looked["sent_bytes"] == looked["bytes"] > 100_000
    assert not arrived(far).parent.exists()
    assert sorted(path.name for path in home.datasets.iterdir()) == ["alttp", "unfinished", "yaze"]

    done = send(home, far)
    assert contents(arrived(far)) == contents(folder)
    assert contents(arrived(far, "yaze")) == contents(home.datasets / "yaze")
    assert done["datasets"][0]["sent"][-1] == "manifest.json"
    assert done["datasets"][0]["scripts"] == ["train_alttp.py"]
    trained = subprocess.run(
        [sys.executable, "train_alttp.py"], cwd=far.home / "training", capture_output=True, check=True
    )
    assert trained.stdout == b"trained\n"
    assert b"somebody" in (far.home / "training" / "train_alttp.py~").read_bytes()

    again = send(home, far)
    assert (again["sent_bytes"], [one["sent"] for one in again["datasets"]]) == (0, [[], []])
    [record] = orjson.loads((home.datasets / "alttp.transfers.json").read_bytes())["transfers"]
    assert record["verified"]
    assert (record["host"], record["path"]) == ("medical-mechanica", "~/training/datasets/alttp")
    assert record["bytes"] == sum(map(len, contents(folder).values()))


@contextmanager
def counted_rsync(folder: Path) -> Iterator[Callable[[], int]]:
    """Have this machine's rsync log what it does; give how many bytes it has sent over the wire."""
    program, log = folder / "counted" / "rsync", folder / "rsync.log"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {real("rsync")} --log-file={log} "$@"\n', encoding="utf-8")
    program.chmod(0o755)

    def sent() -> int:
        found = re.findall(r"sent ([\d,]+) bytes", log.read_text(encoding="utf-8"))
        assert found
        return sum(int(number.replace(",", "")) for number in found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
        yield sent


def goes_on(home: Home, far: FarMachine) -> None:
    """Send again what was interrupted: only the rest passes the wire."""
    assert not (arrived(far) / "manifest.json").exists()
    there = (arrived(far) / "train.jsonl").stat().st_size
    assert 100_000 < there < LONG
    with counted_rsync(far.folder) as sent_bytes:
        send(home, far)
    assert sent_bytes() < LONG - there + 100_000


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_transfer_that_is_stopped_goes_on_where_it_was(far: FarMachine, home: Home, number: signal.Signals) -> None:
    folder = make_dataset(home, size=LONG)
    sending = start_sending(home, far, **SLOW)
    wait_until(is_under_way(far), 20.0)
    sending.send_signal(number)
    said, _ = sending.communicate(timeout=20.0)
    assert sending.returncode == ExitCode.PAUSED
    assert "stopped" in said
    goes_on(home, far)
    assert contents(arrived(far)) == contents(folder)


def test_a_connection_that_is_lost_pauses_and_the_same_call_goes_on(far: FarMachine, home: Home) -> None:
    folder = make_dataset(home, size=LONG)
    sending = start_sending(home, far, **SLOW)
    wait_until(is_under_way(far), 20.0)
    far.cut_connections()
    said, _ = sending.communicate(timeout=20.0)
    assert sending.returncode == ExitCode.PAUSED
    assert "connection to medical-mechanica was lost" in said
    goes_on(home, far)
    assert contents(arrived(far)) == contents(folder)


def test_what_rots_there_is_found_and_mended(far: FarMachine, home: Home) -> None:
    folder = make_dataset(home)
    send(home, far)
    rotten = arrived(far) / "train.jsonl"
    before = rotten.stat()
    data = bytearray(rotten.read_bytes())
    data[25_000] ^= 1
    rotten.write_bytes(data)
    os.utime(rotten, ns=(before.st_atime_ns, before.st_mtime_ns))
    done = send(home, far)
    assert done["datasets"][0]["mended"] == ["train.jsonl"]
    assert contents(arrived(far)) == contents(folder)


@pytest.mark.parametrize("heals", [True, False])
def test_a_file_that_arrives_damaged_is_sent_once_more(far: FarMachine, home: Home, heals: bool) -> None:
    folder = make_dataset(home)
    damage = "echo damage >> ~/training/datasets/alttp/train.jsonl"
    once = f"[ -e ~/damaged ] || {damage}; : > ~/damaged" if heals else damage
    far.install("rsync", '/usr/bin/rsync "$@"', "code=$?", once, "exit $code")
    if heals:
        assert send(home, far)["datasets"][0]["mended"] == ["train.jsonl"]
        assert contents(arrived(far)) == contents(folder)
    else:
        with pytest.raises(DamagedFileError, match=r"train\.jsonl of alttp is damaged on medical-mechanica"):
            send(home, far)
        assert not (arrived(far) / "manifest.json").exists()


def test_a_dataset_of_that_name_is_never_replaced(far: FarMachine, home: Home) -> None:
    make_dataset(home)
    arrived(far).mkdir(parents=True)
    (arrived(far) / "manifest.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match="another dataset 'alttp'"):
        send(home, far)
    assert contents(arrived(far)) == {"manifest.json": b"{}"}


def test_who_cannot_get_there_is_told_why(far: FarMachine, home: Home) -> None:
    make_dataset(home)
    refusals: dict[str, tuple[dict[str, str], type[CampaignError]]] = {
        "refuses the key": ({"IdentityFile": str(far.folder / "other_key")}, CampaignError),
        "cannot be reached": ({"Port": "1"}, PausedError),
        "is not known here yet": ({"UserKnownHostsFile": "/dev/null"}, CampaignError),
        "no machine medical-mechanica is known": ({"HostName": "nowhere.invalid"}, CampaignError),
        "cannot read its configuration": ({"NoSuchKeyword": "1"}, UsageError),
    }
    for what, (changes, kind) in refusals.items():
        far.configure(**changes)
        with pytest.raises(kind, match=what):
            send(home, far, dry_run=True)
    far.configure()
    other_key = (far.folder / "other_key.pub").read_text(encoding="utf-8")
    far.known_hosts.write_text(f"medical-mechanica {other_key}", encoding="utf-8")
    with pytest.raises(CampaignError, match="is not the one that is known"):
        send(home, far, dry_run=True)


def test_a_machine_that_is_not_ready_is_told_about(far: FarMachine, home: Home) -> None:
    make_dataset(home)
    with pytest.raises(CampaignError, match="folder on medical-mechanica cannot be written"):
        send(home, far, path="/proc/datasets/")
    (far.home / ".bashrc").write_text("echo welcome\n", encoding="utf-8")
    (far.home / ".zshenv").write_text("echo welcome\n", encoding="utf-8")
    with pytest.raises(CampaignError, match="prints text where rsync speaks"):
        send(home, far)


def test_a_machine_without_rsync_or_checksums_is_told_about(tmp_path: Path, home: Home) -> None:
    make_dataset(home)
    with far_machine(tmp_path / "bare", path="/nowhere") as bare:
        for program in ("sh", "env", "dirname", "df", "tail", "mkdir", "wc"):
            (bare.programs / program).symlink_to(real(program))
        (bare.programs / "python3").symlink_to(sys.executable)
        with pytest.raises(CampaignError, match="rsync is not installed on medical-mechanica"):
            send(home, bare)
        (bare.programs / "rsync").symlink_to(real("rsync"))
        assert len(send(home, bare, dry_run=True)["datasets"][0]["sent"]) == 3
        (bare.programs / "python3").unlink()
        with pytest.raises(CampaignError, match="cannot compute SHA-256 sums"):
            send(home, bare)


def real(program: str) -> Path:
    return next(path for folder in ("/usr/bin", "/bin") if (path := Path(folder, program)).exists())


def test_a_full_disk_pauses_before_and_in_the_middle(far: FarMachine, home: Home) -> None:
    make_dataset(home, size=2_000_000)
    small = far.home / "small"
    with small_disk(small):
        with pytest.raises(PausedError, match=r"has 0\.001 GB free, 0\.002 GB more are needed"):
            send(home, far, path="~/small/")
        far.install("df", "echo '/dev/liar 9000000 0 9000000 0% /'")
        with pytest.raises(PausedError, match=r"disk of medical-mechanica is full|its disk may be full"):
            send(home, far, path="~/small/")
        assert not (small / "alttp" / "manifest.json").exists()


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    folder.mkdir()
    mounted = subprocess.run(
        ["/bin/mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"no small disk can be made: {mounted.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["/bin/umount", "-l", folder], check=True)
