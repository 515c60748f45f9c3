from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agents.campaign.errors import AnotherPlanError, DamagedFileError, PausedError
from agents.training.evaluation.answer_store import FILE, AnswerStore
from agents.training.sample import Outcome, Reply

IDENTITY = {"model": "a"}
SAID = Reply(Outcome.ANSWERED, "LDA #$01", "m", 5, None)


def test_answers_are_there_again_and_the_newest_counts(tmp_path: Path) -> None:
    with AnswerStore(tmp_path / "new", IDENTITY) as store:
        store.add(("one", 0), Reply(Outcome.FAILED, "gone", "m"))
        store.add(("one", 0), SAID)
        store.add(("one", 1), Reply(Outcome.TRUNCATED, "LD\ud800", "m", seconds=0.5))
    with AnswerStore(tmp_path / "new", IDENTITY) as store:
        there = store.answers()
    assert there == {("one", 0): SAID, ("one", 1): Reply(Outcome.TRUNCATED, "LD?", "m")}
    assert there["one", 1].seconds == 0.5


def test_an_answer_is_kept_before_the_store_is_closed(tmp_path: Path) -> None:
    with AnswerStore(tmp_path, IDENTITY) as store:
        store.add(("one", 0), SAID)
        with closing(sqlite3.connect(tmp_path / FILE)) as other:
            assert other.execute("SELECT text FROM answers").fetchall() == [("LDA #$01",)]


def test_answers_of_another_model_are_never_mixed_in(tmp_path: Path) -> None:
    with AnswerStore(tmp_path, IDENTITY):
        pass
    with pytest.raises(AnotherPlanError, match="another evaluation"), AnswerStore(tmp_path, {"model": "b"}):
        pass


def test_what_is_no_store_is_damage(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database, whatever its name says" * 99)
    with pytest.raises(DamagedFileError, match="cannot be read"), AnswerStore(tmp_path, IDENTITY):
        pass
    (tmp_path / FILE).unlink()
    with AnswerStore(tmp_path, IDENTITY) as store:
        store.add(("one", 0), SAID)
        with closing(sqlite3.connect(tmp_path / FILE)) as other, other:
            other.execute("UPDATE answers SET outcome = 'sung'")
        with pytest.raises(DamagedFileError, match="sung"):
            store.answers()


def test_a_disk_without_room_pauses(tmp_path: Path) -> None:
    with AnswerStore(tmp_path, IDENTITY) as store:
        store._open().execute("PRAGMA max_page_count=5")
        with pytest.raises(PausedError, match="cannot be written"):
            store.add(("one", 0), Reply(Outcome.ANSWERED, "x" * 500_000, "m"))
