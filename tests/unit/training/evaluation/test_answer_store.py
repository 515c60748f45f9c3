from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agents.campaign.errors import AnotherPlanError, DamagedFileError, PausedError
from agents.training.evaluation.answer_store import FILE, AnswerStore, Call, Key
from agents.training.sample import Outcome, Reply

IDENTITY = {"model": "a"}
SAID = Reply(Outcome.ANSWERED, "LDA #$01", "m", 5, None)
FIRST_VERSION = """
PRAGMA journal_mode=WAL;
CREATE TABLE evaluation (one INTEGER PRIMARY KEY CHECK (one = 1), identity TEXT NOT NULL) STRICT;
CREATE TABLE answers (
    question TEXT NOT NULL, sample INTEGER NOT NULL, outcome TEXT NOT NULL, text TEXT NOT NULL, model TEXT NOT NULL,
    tokens_in INTEGER, tokens_out INTEGER, seconds REAL, PRIMARY KEY (question, sample)
) STRICT;
INSERT INTO evaluation VALUES (1, '{"model":"a"}');
INSERT INTO answers VALUES ('one', 0, 'answered', 'LDA #$01', 'm', 5, NULL, NULL);
PRAGMA user_version=1;
"""


def add(store: AnswerStore, key: Key, reply: Reply, cost: float | None = None) -> None:
    store.finish(store.begin(None), key, reply, cost)


def test_answers_are_there_again_and_the_newest_counts(tmp_path: Path) -> None:
    with AnswerStore(tmp_path / "new", IDENTITY) as store:
        add(store, ("one", 0), Reply(Outcome.FAILED, "gone", "m"))
        add(store, ("one", 0), SAID)
        add(store, ("one", 1), Reply(Outcome.TRUNCATED, "LD\ud800", "m", seconds=0.5))
    with AnswerStore(tmp_path / "new", IDENTITY) as store:
        there = store.answers()
    assert there == {("one", 0): SAID, ("one", 1): Reply(Outcome.TRUNCATED, "LD?", "m")}
    assert there["one", 1].seconds == 0.5


def test_an_answer_is_kept_before_the_store_is_closed(tmp_path: Path) -> None:
    with AnswerStore(tmp_path, IDENTITY) as store:
        add(store, ("one", 0), SAID)
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
        add(store, ("one", 0), SAID)
        with closing(sqlite3.connect(tmp_path / FILE)) as other, other:
            other.execute("UPDATE answers SET outcome = 'sung'")
        with pytest.raises(DamagedFileError, match="sung"):
            store.answers()


def test_a_disk_without_room_pauses(tmp_path: Path) -> None:
    with AnswerStore(tmp_path, IDENTITY) as store:
        store._open().execute("PRAGMA max_page_count=5")
        with pytest.raises(PausedError, match="cannot be written"):
            add(store, ("one", 0), Reply(Outcome.ANSWERED, "x" * 500_000, "m"))


def test_every_call_is_kept_also_one_that_was_lost_or_brought_nothing(tmp_path: Path) -> None:
    with AnswerStore(tmp_path, IDENTITY) as store:
        store.begin(0.5)
        with closing(sqlite3.connect(tmp_path / FILE)) as other:
            assert other.execute("SELECT reserved FROM calls").fetchall() == [(0.5,)]
        store.finish(store.begin(0.4), ("one", 0), Reply(Outcome.FAILED, "gone", "m"), None)
        store.finish(store.begin(0.3), ("one", 0), Reply(Outcome.ANSWERED, "LDA", "m", 5, 2), 0.01)
    with AnswerStore(tmp_path, IDENTITY) as store:
        assert store.calls() == [Call(0.5), Call(0.4), Call(0.3, 5, 2, 0.01)]
        assert len(store.answers()) == 1


def test_answers_of_the_first_version_stay_and_each_was_a_call(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE)) as first:
        first.executescript(FIRST_VERSION)
    with AnswerStore(tmp_path, IDENTITY) as store:
        assert store.answers() == {("one", 0): SAID}
        assert store.calls() == [Call(None, 5, None)]
        add(store, ("two", 0), SAID)
    with AnswerStore(tmp_path, IDENTITY) as store:
        assert len(store.answers()) == len(store.calls()) == 2


def test_a_store_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    with AnswerStore(tmp_path, IDENTITY) as store:
        store._open().execute("PRAGMA user_version=3")
    with pytest.raises(AnotherPlanError), AnswerStore(tmp_path, IDENTITY):
        pass
