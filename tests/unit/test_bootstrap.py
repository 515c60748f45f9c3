"""The set-up of a fresh machine, with pip and venv noted instead of run."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "bootstrap.py"


@dataclass
class Machine:
    """A tree without .venv, and what was done to it."""

    root: Path
    bootstrap: ModuleType
    done: list[str] = field(default_factory=list)
    has_pip: bool = False
    pip_fails: bool = False

    @property
    def python(self) -> Path:
        return self.root / ".venv" / "bin" / "python"

    def create(self, environment: Path, *, with_pip: bool, clear: bool) -> None:
        assert with_pip
        self.done.append("venv")
        if clear and environment.exists():
            shutil.rmtree(environment)
        (environment / "bin").mkdir(parents=True)
        (environment / "bin" / "python").touch()
        self.has_pip = True

    def run(self, command: Sequence[str], **_: Any) -> SimpleNamespace:
        if command == [str(self.python), "-m", "pip", "--version"]:
            return SimpleNamespace(returncode=int(not self.has_pip))
        assert command[:4] == [str(self.python), "-m", "pip", "install"]
        self.done.append("locked" if "--require-hashes" in command else "project")
        return SimpleNamespace(returncode=int(self.pip_fails))


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    spec = importlib.util.spec_from_file_location("bootstrap_under_test", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "bootstrap.py").touch()
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "core.txt").write_text("orjson==1\n")
    machine = Machine(tmp_path, module)
    for name, path in {"ROOT": "", "ENVIRONMENT": ".venv", "LOCK": "requirements/core.txt"}.items():
        monkeypatch.setattr(module, name, tmp_path / path)
    monkeypatch.setattr(venv, "create", machine.create)
    monkeypatch.setattr(subprocess, "run", machine.run)
    return machine


def test_the_first_use_makes_the_environment_and_later_ones_use_it(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert machine.bootstrap.interpreter() == machine.python
    assert machine.done == ["venv", "locked", "project"]
    shown = capsys.readouterr()
    assert "First use" in shown.err
    assert shown.out == ""

    assert machine.bootstrap.interpreter() == machine.python
    assert machine.done == ["venv", "locked", "project"]
    assert capsys.readouterr().err == ""


def test_changed_requirements_are_installed_into_the_same_environment(machine: Machine) -> None:
    machine.bootstrap.interpreter()
    (machine.root / "requirements" / "core.txt").write_text("orjson==2\n")
    machine.bootstrap.interpreter()
    assert machine.done == ["venv", "locked", "project", "locked", "project"]


def test_an_environment_whose_interpreter_is_gone_is_made_again(machine: Machine) -> None:
    machine.bootstrap.interpreter()
    machine.python.unlink()
    machine.python.symlink_to("/no/such/python")
    machine.bootstrap.interpreter()
    assert machine.done == ["venv", "locked", "project"] * 2


@pytest.mark.parametrize("stamp", [None, "of older requirements"], ids=["at the first use", "later"])
def test_an_environment_whose_set_up_was_cut_off_before_it_had_pip_is_made_again(
    machine: Machine, stamp: str | None
) -> None:
    machine.create(machine.root / ".venv", with_pip=True, clear=True)
    machine.has_pip = False
    if stamp:
        (machine.root / ".venv" / ".core-locked").write_text(stamp)
    machine.done.clear()
    machine.bootstrap.interpreter()
    assert machine.done == ["venv", "locked", "project"]


def test_a_pip_that_fails_is_an_error_and_the_next_use_tries_again(machine: Machine) -> None:
    machine.pip_fails = True
    with pytest.raises(SystemExit, match="pip failed"):
        machine.bootstrap.interpreter()
    machine.pip_fails = False
    machine.bootstrap.interpreter()
    assert machine.done == ["venv", "locked", "locked", "project"]


def test_a_python_that_is_too_old_is_told_which_is_needed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 4))
    with pytest.raises(SystemExit, match=r"Python 3\.11 or newer is needed"):
        machine.bootstrap.interpreter()
    assert machine.done == []


def test_it_needs_nothing_but_the_standard_library() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import runpy; runpy.run_path({str(SCRIPT)!r}, run_name='other')"],
        check=False,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
