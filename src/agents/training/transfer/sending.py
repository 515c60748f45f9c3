"""Finished datasets to another machine: over ssh, with rsync, proved there, the manifest last.

Owns what is sent, who is told, and the record of it beside each dataset. Stores and shows no secret, and changes
nothing in ``~/.ssh``: whom to trust is for ssh and its owner to say.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from agents.campaign.clock import Clock, stamp
from agents.campaign.destination import TransferSection
from agents.campaign.errors import PausedError, UsageError
from agents.campaign.files import read_json, write_json
from agents.campaign.home import Home
from agents.campaign.lease import Lease
from agents.training.datasets.folder import MANIFEST
from agents.training.stop_requests import SIGNALS
from agents.training.transfer.delivery import Delivery, listing
from agents.training.transfer.far_side import FarSide, check_programs
from agents.training.transfer.openssh import Route
from agents.training.transfer.parcel import choose, find_unfinished, pack

Say = Callable[[str], object]
"""Hears sentences for people."""
Progressed = Callable[[int, int], object]
"""Hears how many bytes are on the other machine, and of how many."""


def transfer(
    home: Home,
    section: TransferSection,
    wanted: Sequence[str],
    clock: Clock,
    *,
    dry_run: bool,
    say: Say,
    progressed: Progressed,
) -> dict[str, Any]:
    """Send the datasets ``wanted``, or all finished ones, to the machine of ``section``; return what was done.

    A dry run looks at everything, here and there, and returns what would be sent; it makes and sends nothing. Run in
    the main thread: SIGINT and SIGTERM end it with PausedError, and half a file is kept there.

    Raises:
        UsageError: a dataset is not there or not finished; the machine is unknown, or has another one of that name.
        DamagedFileError: a dataset is not what its manifest says: here, or there although it was sent twice.
        AlreadyRunningError: another transfer of this home is at work.
        PausedError: unreachable, lost, full or stopped: the same command goes on once the cause is gone.
        CampaignError: whatever else must be mended first.
    """
    check_programs(os.environ)
    names = choose(home.datasets, wanted)
    for name in [] if wanted else find_unfinished(home.datasets):
        say(f"{name} is left out: it has no {MANIFEST}, so it is not finished")
    route = route_to(section)
    far, began = FarSide(route, os.environ, section.bandwidth_mb), clock.monotonic()
    try:
        with contextlib.nullcontext() if dry_run else Lease(home.training / "transfer.lease", "Transfer"):
            deliveries = _deliveries(home, section, names, far, say, progressed)
            datasets = asyncio.run(_until_signal(_each(deliveries, home, clock, dry_run=dry_run)))
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise PausedError(
            f"the transfer to {section.machine} was stopped", "run the same command again: what has arrived is kept"
        ) from None
    return {
        "is_dry_run": dry_run,
        "host": section.host,
        "path": section.path,
        "datasets": datasets,
        "bytes": sum(one["bytes"] for one in datasets),
        "sent_bytes": sum(one["sent_bytes"] for one in datasets),
        "seconds": round(clock.monotonic() - began, 3),
    }


def _deliveries(
    home: Home, section: TransferSection, names: Sequence[str], far: FarSide, say: Say, progressed: Progressed
) -> list[Delivery]:
    say(f"checking {listing(names)} against the checksums of the manifest")
    parcels = [pack(home.datasets / name) for name in names]
    total, before, deliveries = sum(parcel.size for parcel in parcels), 0, []
    for parcel in parcels:
        deliveries.append(Delivery(parcel, far, section, say, partial(_tell, progressed, before, total)))
        before += parcel.size
    return deliveries


def _tell(progressed: Progressed, before: int, total: int, done: int) -> None:
    progressed(before + done, total)


async def _each(deliveries: Sequence[Delivery], home: Home, clock: Clock, *, dry_run: bool) -> list[dict[str, Any]]:
    documents = []
    for delivery in deliveries:
        began = clock.monotonic()
        if dry_run:
            delivery.sent = await delivery.look()
        else:
            await delivery.go()
        seconds = round(clock.monotonic() - began, 3)
        document = _document(delivery) | {"seconds": seconds, "verified": not dry_run, "at": stamp(clock.now())}
        if not dry_run:
            _record(home.datasets / f"{delivery.parcel.name}.transfers.json", document)
        documents.append(document)
    return documents


def _document(delivery: Delivery) -> dict[str, Any]:
    return {
        "dataset": delivery.parcel.name,
        "host": delivery.section.host,
        "path": delivery.folder,
        "files": len(delivery.parcel.files),
        "bytes": delivery.parcel.size,
        "sent": delivery.sent,
        "sent_bytes": delivery.parcel.size_of(delivery.sent),
        "mended": delivery.mended,
        "scripts": delivery.scripts,
    }


def _record(path: Path, document: dict[str, Any]) -> None:
    """Keep the newest transfer to each place in ``path``, beside the dataset and never in it."""
    place = (document["host"], document["path"])
    known = (read_json(path) or {}).get("transfers", [])
    others = [one for one in known if (one["host"], one["path"]) != place]
    write_json(path, {"transfers": [*others, document]})


async def _until_signal(work: Coroutine[Any, Any, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Do ``work``; a signal to stop cancels it, and ends the child with which it waits."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None  # noqa: S101 -- this is one
    for number in SIGNALS:
        loop.add_signal_handler(number, task.cancel)
    return await work


def route_to(section: TransferSection) -> Route:
    """Return the way to the machine of ``section``; raises UsageError where a file that it names is not there."""
    return Route.to(section, _existing(section.identity, "identity"), _existing(section.config, "config"))


def _existing(path: str | None, key: str) -> str | None:
    """Return ``path`` as an absolute one; raises UsageError where no file is there."""
    if path is None:
        return None
    file = Path(path).expanduser().absolute()
    if not file.is_file():
        raise UsageError(f"transfer.{key} = {path!r}: there is no such file", f"mend transfer.{key}, or leave it out")
    return str(file)


def transfer_text(document: dict[str, Any]) -> str:
    """Return what ``transfer`` returned, for people."""
    would = "would be " if document["is_dry_run"] else ""
    lines = []
    for one in document["datasets"]:
        what = (
            f"{len(one['sent'])} of {one['files']} files {would}sent ({one['sent_bytes']:,} of {one['bytes']:,} bytes)"
        )
        what = what if one["sent"] else "all of it is there already"
        lines += [f"{one['dataset']}: {what}", *(f"  {name}" for name in one["sent"])]
        if one["verified"]:
            lines.append(f"  verified at {one['host']}:{one['path']}")
        if one["scripts"]:
            lines.append(f"  {would}put where it can be run: {', '.join(one['scripts'])}")
    return "\n".join(lines)
