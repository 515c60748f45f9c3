"""A world of its own for each story: a home, and the project's programs as real processes in it."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from agents.campaign.files import read_json
from agents.campaign.home import Home
from agents.campaign.ledger_view import LedgerView

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 120.0
QUICK = "watch: {pilot_seconds: 0.2, campaign_seconds: 0.2}\nspeed: {parallel: false}\n"
ONE_DOMAIN = "domains: {asm: {weight: 1.0}}\n"
"""What a workflow does with its samples is the same for one domain, and quicker."""


@dataclass
class World:
    """One user's machine: ``folder`` is its home directory, ``home`` its campaigns."""

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def home(self) -> Home:
        return Home(self.folder / ".context")

    @property
    def environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if name not in {"CONTEXT_ROOT", "AUTO_LAUNCH"}}
        path = f"{Path(sys.executable).parent}{os.pathsep}{clean['PATH']}"
        return {**clean, "HOME": str(self.folder), "PATH": path, **self.variables}

    def recipe(self, text: str = "") -> Path:
        path = self.folder / "recipe.yaml"
        domains = "" if re.search("^domains:", text, re.MULTILINE) else ONE_DOMAIN
        path.write_text(QUICK + domains + text, encoding="utf-8")
        return path

    def start(self, *command: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command,
            env=self.environment,
            cwd=ROOT,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.started.append(process)
        return process

    def run(self, *command: str, patience: float = PATIENCE_SECONDS) -> subprocess.CompletedProcess[str]:
        process = self.start(*command)
        output, complaints = process.communicate(timeout=patience)
        return subprocess.CompletedProcess(command, process.returncode, output, complaints)

    def shell(self, line: str, patience: float = PATIENCE_SECONDS) -> subprocess.CompletedProcess[str]:
        return self.run("bash", "-c", line, patience=patience)

    def campaign(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "agents", *arguments)

    def start_campaign(self, *arguments: str) -> subprocess.Popen[str]:
        return self.start(sys.executable, "-m", "agents", *arguments)

    def read(self, path: Path) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return document

    @property
    def state(self) -> dict[str, Any]:
        return self.read(self.home.orchestrator_state)

    def phase_is(self, phase: str) -> Callable[[], bool]:
        return lambda: self.home.orchestrator_state.exists() and self.state["phase"] == phase

    def accepted(self, run: str) -> int:
        progress = LedgerView(self.home.run(run).ledger).progress()
        return progress.accepted if progress else 0

    def contents(self, run: str) -> list[tuple[Any, ...]]:
        """Every ticket and sample of a run, without times and without attempts that were lost."""
        with closing(sqlite3.connect(f"{self.home.run(run).ledger.as_uri()}?mode=ro", uri=True)) as ledger:
            return ledger.execute(
                "SELECT t.seq, t.id, t.item, t.variant, t.prompt, t.state, s.quality, s.reason, s.checks, a.reply "
                "FROM tickets t LEFT JOIN samples s USING (seq) LEFT JOIN attempts a ON a.id = s.attempt ORDER BY t.seq"
            ).fetchall()

    def check_accounts(self, run: str, accepted: int) -> None:
        accounts = LedgerView(self.home.run(run).ledger).accounts()
        assert accounts is not None
        assert accounts.balanced
        assert (accounts.accepted, accounts.open) == (accepted, 0)
        rows = self.contents(run)
        assert len({row[1] for row in rows}) == len(rows) == accounts.issued
        assert sum(row[5] == "accepted" for row in rows) == accepted

    def kill_generator(self, run: str) -> None:
        generator = read_json(self.home.run(run).generator)
        assert generator is not None
        kill_hard(generator["pid"])


def wait_until(condition: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait for a condition, with a deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds:g} s for {condition}")
        time.sleep(0.01)


def kill_hard(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
