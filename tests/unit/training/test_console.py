from __future__ import annotations

import logging
from pathlib import Path

import pytest

from agents.campaign.errors import PausedError
from agents.training import console
from agents.training.console import LAST_WORDS_BYTES, Console

pytestmark = pytest.mark.usefixtures("root_logger")


@pytest.fixture
def disk_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the file that holds room; the log can be written once that is smaller than 128 KiB."""
    room = tmp_path / "room"
    room.write_bytes(bytes(2 * LAST_WORDS_BYTES))
    error = logging.Logger.error

    def on_a_full_disk(logger: logging.Logger, *arguments: object) -> None:
        if room.exists() and room.stat().st_size == 2 * LAST_WORDS_BYTES:
            raise PausedError("log cannot be written: No space left on device", "free space")
        error(logger, *arguments)

    monkeypatch.setattr(logging.Logger, "error", on_a_full_disk)
    return room


def test_on_a_full_disk_some_of_the_room_is_given_up_for_the_last_words(tmp_path: Path, disk_of: Path) -> None:
    with Console(tmp_path / "log") as shown:
        shown.complain(PausedError("database or disk is full", "free space"), disk_of)
    assert disk_of.stat().st_size == LAST_WORDS_BYTES
    assert "ERROR: database or disk is full; cure: free space" in (tmp_path / "log").read_text()


def test_without_room_it_ends_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: object) -> None:
        raise PausedError("log cannot be written", "free space")

    monkeypatch.setattr(console, "_log", refused)
    with Console(tmp_path / "log") as shown:
        shown.complain(PausedError("database or disk is full", "free space"), tmp_path / "no room")
    assert (tmp_path / "log").read_text() == ""
