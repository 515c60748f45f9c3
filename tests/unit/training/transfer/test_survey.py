from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.training.transfer.survey import Survey, answered, question

TOOLS = ("sh", "env", "dirname", "df", "tail", "mkdir", "wc", "perl")


def ask(folder: str, names: list[str], *, make: bool = False, shell: str = "sh", path: str | None = None) -> Survey:
    """Have a shell of this machine answer, as that of another one would."""
    environment = os.environ | ({} if path is None else {"PATH": path})
    output = subprocess.run(
        [str(shutil.which(shell)), "-c", question(folder, make=make)],
        input="".join(f"{name}\n" for name in names),
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    ).stdout
    survey = answered(output, names)
    assert survey is not None
    return survey


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "there"
    (folder / "parts").mkdir(parents=True)
    (folder / "a.jsonl").write_bytes(b"one\n")
    (folder / "parts" / "b.jsonl").write_bytes(b"\0two")
    return folder


SUMS = {
    "a.jsonl": hashlib.sha256(b"one\n").hexdigest(),
    "none": None,
    "parts/b.jsonl": hashlib.sha256(b"\0two").hexdigest(),
    "parts": None,
}


@pytest.mark.parametrize("shell", ["sh", "bash", "dash", "zsh", "fish", "tcsh", "ksh"])
def test_every_login_shell_gives_the_same_answer(folder: Path, shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    survey = ask(str(folder), list(SUMS), shell=shell)
    assert (survey.noise, survey.is_made, survey.has_sums) == ("", True, True)
    assert survey.sums == SUMS
    assert survey.sizes == {"a.jsonl": 4, "none": 0, "parts/b.jsonl": 4, "parts": 0}
    assert survey.free_bytes is not None
    assert survey.free_bytes > 0


@pytest.mark.parametrize("program", ["sha256sum", "shasum", "python3"])
def test_any_of_three_programs_makes_the_sums(folder: Path, tmp_path: Path, program: str) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in (*TOOLS, program):
        if (found := sys.executable if name == "python3" else shutil.which(name)) is not None:
            (programs / name).symlink_to(found)
    if not (programs / program).exists():
        pytest.skip(f"{program} is not installed")
    survey = ask(str(folder), list(SUMS), path=str(programs))
    assert survey.sums == SUMS
    assert not survey.has_rsync
    (programs / program).unlink()
    assert not ask(str(folder), ["a.jsonl"], path=str(programs)).has_sums


def test_a_folder_is_made_only_where_that_is_wanted(tmp_path: Path) -> None:
    there = tmp_path / "a" / "b"
    looked = ask(str(there), ["x"])
    assert looked.sums == {"x": None}
    assert looked.free_bytes is not None
    assert not there.exists()
    assert ask(str(there), ["x"], make=True).is_made
    assert there.is_dir()
    assert not ask("/proc/nowhere", ["x"], make=True).is_made


def test_what_the_login_shell_prints_before_is_noise() -> None:
    survey = answered(f"welcome\ntransfer-ready\nrsync\nroom \n   12\n{'0' * 64}  -\ntransfer-done\nbye\n", ["a"])
    assert survey == Survey("welcome\n", True, True, True, None, {"a": 12}, {"a": "0" * 64})


@pytest.mark.parametrize(
    "output",
    [
        "",
        "This account is currently not available.\n",
        "transfer-ready\nrsync\nroom x\n0\nmissing\n",
        "transfer-ready\nrsync\nroom\nx\nmissing\ntransfer-done\n",
        "transfer-ready\n",
    ],
)
def test_half_an_answer_is_none(output: str) -> None:
    assert answered(output, ["a"]) is None


@given(st.text(max_size=300), st.lists(st.text(max_size=5), max_size=3))
def test_no_output_breaks_the_reading(output: str, names: list[str]) -> None:
    assert answered(output, names) is None
    answered(f"transfer-ready\n{output}", names)
