"""The boundary between the product's own code and the simulated machine, and the named points at which a process dies.

Everything above the boundary is the product: orchestrator, steps, launcher, monitors, validator, gate, workflow store,
ledger, engine, leases, status files. Below it are the machine's processes. Outside of a simulated process every
patched function is the original.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from simulation.machine import current, is_simulated
from tiny_domain import DOMAIN

from agents.autonomous import approval, campaign_launcher, generators, pilot_quality_monitor, training_orchestrator
from agents.campaign import lease, workflows
from agents.campaign.clock import Clock
from agents.campaign.lease import Lease
from agents.campaign.plan import Plan
from agents.campaign.process import Identity
from agents.campaign.workflows import Workflows
from agents.training import domains, exporter, ledger, rounds
from agents.training.bench import InlineBench
from agents.training.judge import Domains
from agents.training.ledger import Ledger
from agents.training.scripts import generate_campaign

ROUND = 3
"""Tickets of a round, so that a small campaign has several."""
POLL_SECONDS = 0.2
STORE_STEPS = ("create", "set_plan", "move", "intend", "confirm", "approve")
FILE_STEPS = ("replace", "unlink", "rename")
CLOCKS = (training_orchestrator, campaign_launcher, pilot_quality_monitor, approval, generate_campaign)


@contextlib.contextmanager
def simulated_machine() -> Iterator[None]:
    """Put the simulated machine below the product for as long as the block runs."""
    with ExitStack() as stack:

        def put(owner: Any, name: str, value: Any) -> None:
            stack.enter_context(patch.object(owner, name, value))

        for step in STORE_STEPS:
            put(Workflows, step, _durable(getattr(Workflows, step), f"store.{step}"))
        put(Ledger, "commit", _commit)
        for step in FILE_STEPS:
            put(Path, step, _file_step(getattr(Path, step), step))
        put(exporter, "shutil", SimpleNamespace(rmtree=_remove_tree))
        put(Lease, "__enter__", _take)
        put(Lease, "__exit__", _give_back)
        put(lease, "_PROBES", 0)
        for name, method in _IDENTITY.items():
            put(Identity, name, method)
        put(generators, "start_detached", _start_detached)
        put(generators, "_dry_run", _dry_run)
        put(generators, "time", SimpleNamespace(monotonic=_monotonic))
        put(training_orchestrator, "os", SimpleNamespace(getpid=lambda: current().identity.pid, environ={}))
        for module in CLOCKS:
            put(module, "SystemClock", _clock)
        put(generate_campaign, "_bench", _bench)
        put(domains, "load", lambda _name, _catalogue=None: DOMAIN)
        put(rounds, "ROUND", ROUND)
        put(generators, "POLL_SECONDS", POLL_SECONDS)
        for store in (ledger, workflows):
            put(store, "PRAGMAS", tuple(map(_unsynced, store.PRAGMAS)))
        yield


class Bench(InlineBench[Any]):
    """Works in this process; each call takes as long as the world says."""

    async def run(self, function: Callable[[Any, Any], Any], argument: Any, lane: int = 0) -> Any:
        process = current()
        await asyncio.sleep(process.machine.world.seconds_of_work(process))
        return await super().run(function, argument, lane)

    async def run_all(self, function: Callable[[Any, Any], Any], calls: Sequence[tuple[Any, int]]) -> list[Any]:
        return await asyncio.gather(*(self.run(function, argument, lane) for argument, lane in calls))


def _bench(_plan: Plan, known: Domains) -> Bench:
    return Bench(known)


def _monotonic() -> float:
    return current().machine.clock.monotonic()


def _clock() -> Clock:
    return current().machine.clock


def _durable(step: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Return ``step`` with a point before it, when nothing has happened, and one after it, when all has."""

    def stepped(*args: Any, **values: Any) -> Any:
        if not is_simulated():
            return step(*args, **values)
        machine = current().machine
        machine.point(f"{name}:before")
        result = step(*args, **values)
        machine.point(f"{name}:after")
        return result

    return stepped


_real_commit = Ledger.commit


def _commit(written: Ledger) -> None:
    if not is_simulated() or not written._connection.in_transaction:
        _real_commit(written)
        return
    machine = current().machine
    machine.point("ledger.commit:before")
    _real_commit(written)
    machine.point("ledger.commit:after")


def _file_step(step: Callable[..., Any], verb: str) -> Callable[..., Any]:
    def stepped(path: Path, *args: Any, **values: Any) -> Any:
        if not is_simulated():
            return step(path, *args, **values)
        machine = current().machine
        target = Path(args[0]).name if args else path.name
        if verb == "unlink" and path.name.startswith("."):
            machine.point("file.beside:unlink")
            return step(path, *args, **values)
        machine.point(f"file.{target}:before {verb}")
        result = step(path, *args, **values)
        machine.world.auditor.see(machine.world.home, target)
        machine.point(f"file.{target}:after {verb}")
        return result

    return stepped


def _remove_tree(path: Path, *, ignore_errors: bool) -> None:
    current().machine.point("file.tree:before unlink")
    shutil.rmtree(path, ignore_errors=ignore_errors)


_real_take, _real_give_back = Lease.__enter__, Lease.__exit__


def _unsynced(pragma: str) -> str:
    """No power cut is simulated, so nothing has to reach a disk."""
    return re.sub(r"synchronous *= *FULL", "synchronous = OFF", pragma)


def _take(taken: Lease) -> Lease:
    if not is_simulated():
        return _real_take(taken)
    machine = current().machine
    machine.point(f"lease.{taken.path.stem}:before")
    _real_take(taken)
    assert taken._descriptor is not None
    current().descriptors.append(taken._descriptor)
    machine.point(f"lease.{taken.path.stem}:after")
    return taken


def _give_back(taken: Lease, *error: Any) -> None:
    if is_simulated():
        current().machine.point(f"lease.{taken.path.stem}:before end")
        with contextlib.suppress(ValueError):
            current().descriptors.remove(taken._descriptor)  # type: ignore[arg-type]
    _real_give_back(taken, *error)


def _identity_of(_kind: type[Identity], pid: int) -> Identity | None:
    process = current().machine.find(pid)
    return process.identity if process is not None else None


def _send(identity: Identity, number: signal.Signals) -> bool:
    process = current().machine.find(identity.pid)
    if process is None or process.identity != identity:
        return False
    current().machine.send(process, number)
    return True


@contextlib.contextmanager
def _ending(identity: Identity) -> Iterator[asyncio.Event]:
    process = current().machine.find(identity.pid)
    if process is not None and process.identity == identity:
        yield process.ended
    else:
        ended = asyncio.Event()
        ended.set()
        yield ended


_IDENTITY: dict[str, Any] = {
    "of": classmethod(_identity_of),
    "mine": classmethod(lambda _kind: current().identity),
    "send": _send,
    "wait": lambda identity, _seconds: not identity.is_alive(),
    "ending": _ending,
}


def _start_detached(argv: Sequence[str], log: Path, _environment: Mapping[str, str]) -> Identity:
    machine = current().machine
    machine.point("spawn:before")
    options = dict(zip(argv[3 : argv.index("--")][::2], argv[4 : argv.index("--")][::2], strict=False))
    process = machine.world.start_warden(options, tuple(argv[argv.index("--") + 1 :]), log)
    machine.point("spawn:after")
    return process.identity


async def _dry_run(argv: Sequence[str], _environment: Mapping[str, str]) -> dict[str, Any]:
    machine = current().machine
    await asyncio.sleep(machine.world.seconds_of_start())
    machine.point("dry run:after")
    return machine.world.prepared("--pilot" in argv).document()
