"""The auditor: after every run, and at every write in between, the accounts must be right; it names one that is not."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from simulation.machine import Machine, Process

from agents.campaign.home import Home
from agents.campaign.ledger_view import LedgerView
from agents.campaign.outcome import Exit
from agents.campaign.phases import Phase

if TYPE_CHECKING:
    from simulation.world import World

SPAN_SECONDS = 600.0
STATES = ("accepted", "rejected", "dead", "open")


class ViolatedError(AssertionError):
    """Accounts are wrong; ``accounts`` names them."""

    def __init__(self, found: Sequence[tuple[str, object]]) -> None:
        super().__init__("\n".join(f"VIOLATED {account}: {what}" for account, what in found))
        self.accounts = {account for account, _ in found}


class Auditor:
    """Watches one world. ``expected`` is what the ledgers hold when nobody disturbs it, by run."""

    def __init__(self, machine: Machine) -> None:
        self.acknowledged: Counter[str] = Counter()
        self.expected: dict[str, list[tuple[Any, ...]]] | None = None
        self._machine = machine
        self._launched: defaultdict[tuple[Process, str], list[float]] = defaultdict(list)
        self._violated: list[tuple[str, object]] = []

    def see(self, home: Home, name: str) -> None:
        """Look at a file that was just written: nothing may claim a completeness that the ledger does not prove."""
        claims = {
            home.orchestrator_state.name: ("phase", "campaign_complete"),
            home.campaign_status.name: ("state", "complete"),
        }
        if name in claims:
            document = json.loads((home.training / name).read_text())
            key, word = claims[name]
            if document[key] == word:
                self._check_complete(home, document.get("run") or self._machine.world.plan.recipe.campaign.name, name)

    def generates(self, process: Process, kind: str, run: str) -> None:
        """Hear of a generator that has its lease."""
        process.words = f"{kind} {run}"
        others = [other for other in self._machine.alive("generator") if other.words == process.words]
        self._require(others == [process], "0 or 1 generator of a run alive", [str(other) for other in others])

    def answered(self, home: Home, document: dict[str, Any], code: int) -> None:
        """Hear what an orchestrator ended with: its state file says the same, and its exit code fits."""
        phase = Phase(document["phase"])
        self._require(phase.is_end and "next" in document, "an orchestrator ends at a named end", document)
        self._require(code == 0 or phase is not Phase.CAMPAIGN_COMPLETE, "exit code fits the phase", (code, phase))
        self._require(code != 0 or phase is Phase.CAMPAIGN_COMPLETE, "exit code 0 means complete", (code, phase))
        self._require(bool(code == 0 or document.get("cause")), "a bad end has a cause", document)

    def launches(self, process: Process, kind: str, most: int) -> None:
        """Hear of a start: one orchestrator makes at most ``most`` of a kind in ten minutes."""
        now = self._machine.clock.elapsed
        lately = [then for then in self._launched[process, kind] if now - then < SPAN_SECONDS]
        self._launched[process, kind] = [*lately, now]
        self._require(len(lately) < most, "deaths in ten minutes are counted", f"{len(lately) + 1} starts of a {kind}")

    def failed(self, world: World, process: Process) -> None:
        """Hear of a command that failed: it says why, and does not call launched what ended at once."""
        document = world.state
        is_said = process.words or document.get("cause") or not document
        self._require(bool(is_said), "a failure has a cause", document)
        if document.get("phase") == Phase.LAUNCH_FAILED and document.get("launch_result"):
            self._require(not document["launch_result"]["launched"], "never launched when it ended at once", document)

    def refused(self, process: Process) -> None:
        """Hear of a command that another one was faster than."""
        self._require("already running" in process.words, "exit 4 says that one runs already", process.words)

    def never_ended(self, world: World) -> None:
        self._require(False, "the same command ends the workflow", Counter(map(str, world.codes)))

    def check(self, world: World) -> None:
        """Check all accounts of a world whose processes have ended; raises ViolatedError."""
        home = world.home
        for folder in sorted((home.training / "runs").glob("*")):
            if (folder / "ledger.sqlite").exists():
                self._check_ledger(folder / "ledger.sqlite", folder.name)
        self._check_end(world)
        self._check_launches(world)
        strangers = [str(process) for process in self._machine.wrongly_signalled]
        self._require(not strangers, "no stranger is signalled", strangers)
        self._require(not self._machine.tracebacks, "no program ends with a traceback", self._machine.tracebacks)
        left = self._machine.alive("orchestrator", "warden", "generator")
        self._require(not left, "nothing outlives its work", [str(process) for process in left])
        if self._violated:
            raise ViolatedError(self._violated)

    def _check_ledger(self, path: Path, run: str) -> None:
        accounts = LedgerView(path).accounts()
        if accounts is None:
            return
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as ledger:
            states = dict(ledger.execute("SELECT state, count(*) FROM tickets GROUP BY state"))
            settled = ledger.execute(
                "SELECT count(*) FROM samples JOIN tickets USING (seq) WHERE state <> 'open'"
            ).fetchone()[0]
            items = ledger.execute("SELECT count(DISTINCT id), count(DISTINCT item_id) FROM tickets").fetchone()
            twice = ledger.execute(
                "SELECT seq FROM attempts WHERE outcome IS NOT NULL AND outcome <> 'lost' "
                "GROUP BY seq HAVING count(*) > 1"
            ).fetchall()
            (whole,) = ledger.execute("PRAGMA integrity_check").fetchone()
        counted = {state: getattr(accounts, state) for state in STATES}
        self._require(accounts.balanced, "issued = accepted + rejected + dead + open", counted)
        self._require(
            counted == {state: states.get(state, 0) for state in STATES}, "counters = rows", (counted, states)
        )
        self._require(settled == accounts.settled, "each settled ticket has one sample", (settled, accounts))
        self._require(items == (accounts.issued, accounts.issued), "no ticket twice", items)
        self._require(not twice, "no answer is asked for twice", twice)
        self._require(
            accounts.settled >= self.acknowledged[run],
            "nothing acknowledged is lost",
            (accounts, self.acknowledged[run]),
        )
        self._require(whole == "ok", "the ledger is whole", whole)

    def _check_end(self, world: World) -> None:
        phase = world.state.get("phase")
        self._require(phase == world.scenario.end, f"the end is {world.scenario.end}", phase)
        found = contents(world.home)
        if self.expected is not None:
            runs = (set(found), set(self.expected))
            self._require(runs[0] == runs[1], "exactly the runs of an undisturbed workflow", runs)
            for run, rows in self.expected.items():
                self._require(
                    found.get(run) == rows, f"{run} holds what it holds undisturbed", "other tickets or samples"
                )
        if phase == "campaign_complete":
            self._check_complete(world.home, world.plan.recipe.campaign.name, "the end")
            self._check_export(world)

    def _check_complete(self, home: Home, run: str, who: str) -> None:
        progress = LedgerView(home.run(run).ledger).progress()
        is_complete = progress is not None and progress.is_complete
        self._require(is_complete, "never complete when it is not", f"{who} says so, the ledger {progress}")
        ended = Exit.parsed(readable(home.run(run).exit_record))
        is_proven = ended is None or ended.code == 0  # None where it was torn since
        self._require(is_proven, "complete only with an exit record that says so", f"{who}: {ended}")

    def _check_export(self, world: World) -> None:
        run = world.plan.recipe.campaign.name
        exported = world.home.datasets / run / "samples.jsonl"
        lines = exported.read_bytes().splitlines() if exported.exists() else []
        ids = [json.loads(line)["metadata"]["id"] for line in lines]
        accepted = [row[1] for row in contents(world.home)[run] if row[5] == "accepted"]
        self._require(ids == accepted, "exported = accepted", (len(ids), len(accepted)))

    def _check_launches(self, world: World) -> None:
        with closing(sqlite3.connect(world.home.workflows)) as store:
            runs = {run for (run,) in store.execute("SELECT DISTINCT run FROM launches WHERE kind = 'campaign'")}
            workflows = store.execute("SELECT count(*) FROM workflows").fetchone()[0]
            approved = store.execute("SELECT count(*) FROM steps WHERE happening = 'approved'").fetchone()[0]
        self._require(workflows == 1, "exactly one workflow", workflows)
        self._require(len(runs) <= 1, "0 or 1 campaign", runs)
        self._require(bool(approved) or not runs, "no campaign without a verdict", runs)

    def _require(self, holds: bool, account: str, found: object) -> None:
        if not holds:
            self._machine.note(f"VIOLATED {account}: {found}")
            self._violated.append((account, found))


def readable(path: Path) -> dict[str, Any]:
    """Return the JSON object at ``path``; an empty one where there is none."""
    try:
        document = orjson.loads(path.read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        return {}
    return document if isinstance(document, dict) else {}


def contents(home: Home) -> dict[str, list[tuple[Any, ...]]]:
    """Return every ticket and sample of every run, without times and without attempts that were lost."""
    found = {}
    for folder in sorted((home.training / "runs").glob("*")):
        path = folder / "ledger.sqlite"
        if LedgerView(path).header() is not None:
            with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as ledger:
                found[folder.name] = ledger.execute(
                    "SELECT t.seq, t.id, t.item, t.variant, t.prompt, t.state, s.quality, s.reason, s.checks, a.reply "
                    "FROM tickets t LEFT JOIN samples s USING (seq) LEFT JOIN attempts a ON a.id = s.attempt "
                    "ORDER BY t.seq"
                ).fetchall()
    return found
