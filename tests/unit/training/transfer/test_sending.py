from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import orjson
import pytest

from agents.campaign.clock import SystemClock
from agents.campaign.destination import TransferSection
from agents.campaign.errors import AlreadyRunningError, CampaignError, UsageError
from agents.campaign.home import Home
from agents.campaign.lease import Lease
from agents.training.transfer.sending import transfer, transfer_text


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    folder = home.datasets / "alttp"
    folder.mkdir(parents=True)
    (folder / "train.jsonl").write_bytes(b"{}\n")
    files = {"train.jsonl": {"sha256": hashlib.sha256(b"{}\n").hexdigest()}}
    (folder / "manifest.json").write_bytes(orjson.dumps({"files": files}))
    return home


@pytest.fixture(autouse=True)
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This machine has an ssh and an rsync; ssh says what a machine would say."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("ssh", "rsync"):
        (folder / name).write_text("#!/bin/sh\necho this machine is for sftp; exit 1\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return folder


def send(home: Home, *names: str, said: list[object] | None = None, **keys: Any) -> dict[str, Any]:
    return transfer(
        home,
        TransferSection(**keys),
        names,
        SystemClock(),
        dry_run=False,
        say=[].append if said is None else said.append,
        progressed=lambda done, total: None,
    )


def test_programs_that_are_missing_are_named_before_all_else(home: Home, programs: Path) -> None:
    (programs / "rsync").unlink()
    with pytest.raises(CampaignError, match="rsync cannot be found on this machine"):
        send(home)


@pytest.mark.parametrize("key", ["identity", "config"])
def test_a_file_that_is_not_there_is_a_mistake_in_the_recipe(home: Home, key: str) -> None:
    with pytest.raises(UsageError, match=f"transfer.{key} = '/none': there is no such file"):
        send(home, **{key: "/none"})


def test_one_transfer_at_a_time(home: Home) -> None:
    with Lease(home.training / "transfer.lease", "Transfer"), pytest.raises(AlreadyRunningError):
        send(home)


def test_what_a_machine_says_in_place_of_an_answer_is_shown(home: Home) -> None:
    (home.datasets / "half").mkdir()
    said: list[object] = []
    with pytest.raises(CampaignError, match="this machine is for sftp"):
        send(home, said=said)
    assert said[0] == "half is left out: it has no manifest.json, so it is not finished"
    assert not (home.datasets / "alttp.transfers.json").exists()


ONE = {
    "dataset": "alttp",
    "host": "gate",
    "path": "~/d/alttp",
    "files": 3,
    "bytes": 2_000,
    "sent": ["train.jsonl", "manifest.json"],
    "sent_bytes": 1_500,
    "mended": [],
    "scripts": ["train_alttp.py"],
    "seconds": 1.0,
}


def test_people_read_what_was_sent_and_what_would_be() -> None:
    done = transfer_text({"is_dry_run": False, "datasets": [{**ONE, "verified": True}]})
    assert "alttp: 2 of 3 files sent (1,500 of 2,000 bytes)" in done
    assert "verified at gate:~/d/alttp" in done
    looked = transfer_text({"is_dry_run": True, "datasets": [{**ONE, "verified": False}]})
    assert "2 of 3 files would be sent" in looked
    assert "verified" not in looked
    assert "is there already" in transfer_text(
        {"is_dry_run": False, "datasets": [{**ONE, "sent": [], "verified": True}]}
    )
