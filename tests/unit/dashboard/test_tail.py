from __future__ import annotations

import time
from pathlib import Path

import pytest

from agents.dashboard.tail import tail


@pytest.fixture
def logs(tmp_path: Path) -> list[Path]:
    return [tmp_path / name for name in ("one.log", "two.log", "none.log")]


def shown(logs: list[Path], lines: int) -> list[str]:
    written: list[str] = []
    tail(logs, lines, follow=False, write=written.append)
    return written


def test_the_last_lines_of_each_log_are_shown_in_turn(logs: list[Path]) -> None:
    logs[0].write_text("a\nb\nc\n")
    logs[1].write_text("d\n")
    assert shown(logs, 2) == ["b", "c", "d"]
    assert shown(logs, 0) == []


def test_as_many_lines_are_shown_as_are_asked_for(logs: list[Path]) -> None:
    lines = [f"{number:0100}" for number in range(2000)]
    logs[0].write_text("\n".join(lines) + "\n")
    assert shown(logs, 1500) == lines[-1500:]


def test_lines_cannot_drive_the_terminal(logs: list[Path]) -> None:
    logs[0].write_bytes(b"\x1b[2Jgone \xff\n")
    assert shown(logs, 5) == [" [2Jgone �"]


def test_new_lines_are_followed_until_ctrl_c(logs: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    logs[0].write_text("old\n")
    written: list[str] = []
    appended = [(0, "new\n"), (2, "late\x1b\n"), (0, "par"), (0, "tial\n")]

    def sleep(_seconds: float) -> None:
        if not appended:
            raise KeyboardInterrupt
        number, text = appended.pop(0)
        with logs[number].open("a") as log:
            log.write(text)

    monkeypatch.setattr(time, "sleep", sleep)
    tail(logs, 0, follow=True, write=written.append)
    assert written == ["new", "late ", "partial"]
