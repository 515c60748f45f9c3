from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from referring_domain import ReferringDomain
from tiny_domain import DOMAIN
from tiny_run import GOAL, TinyRun

from agents.campaign.ledger_view import LedgerView
from agents.training.calls import Judge
from agents.training.judge import Domains
from agents.training.prices import Prices, Tariff
from agents.training.sample import Outcome, Reply
from agents.training.teachers import Request
from agents.training.verification import Stored, Verification, judge_again, verification_text

HEAD = {"run": "test", "kind": "campaign", "seconds": 1.5, "is_complete": True}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.sqlite"
    TinyRun(path, goal=replace(GOAL, total=60)).go()
    return path


def verified(path: Path, domains: Domains | None = None) -> dict[str, Any]:
    domains = domains or {"tiny": DOMAIN}
    verification = Verification(accept_at=0.7, near_duplicate=0.85)
    for row in LedgerView(path).stored():
        stored = Stored(**row)
        verification.add(stored, judge_again(domains, stored))
    return verification.document()


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        first = dict(connection.execute("SELECT state, min(seq) FROM tickets GROUP BY state"))
        assert connection.execute(statement, first).rowcount == 1


def test_what_a_run_settled_comes_out_the_same(path: Path) -> None:
    found = verified(path)
    accounts = LedgerView(path).accounts()
    assert accounts is not None
    assert found["settled"] == accounts.settled > 60
    assert found["accepted"] == found["domains"]["tiny"]["accepted"] == 60
    assert found["domains"]["tiny"]["lowest_quality"] >= 0.7
    assert sum(found["not_accepted"].values()) == accounts.rejected
    assert (found["different"], found["differences"]) == (0, [])
    assert "verified: each of them" in verification_text(HEAD | found | {"is_verified": True})


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE attempts SET reply = 'It is 7.' WHERE seq = :accepted", "rejected with quality 0."),
        (
            "UPDATE samples SET quality = quality / 2 WHERE seq = :accepted",
            "it was accepted with quality 0.497, and is accepted with quality 0.994",
        ),
        ("UPDATE samples SET reason = 'duplicate' WHERE seq = :rejected", "(duplicate), and is rejected"),
        ("UPDATE tickets SET prompt = '[]' WHERE seq = :accepted", "the prompt is another one"),
        ("UPDATE tickets SET variant = 999 WHERE seq = :accepted", "the ticket is not the one"),
        ("""UPDATE tickets SET item = '{"salt":5}' WHERE seq = :accepted""", "the item is not the one"),
        ('INSERT INTO dialogues VALUES (:accepted, \'[["user","?"]]\')', "the conversation is another one"),
        ("UPDATE attempts SET outcome = 'empty' WHERE seq = :accepted", "(reply empty)"),
    ],
)
def test_what_was_changed_is_told(path: Path, statement: str, sentence: str) -> None:
    change(path, statement)
    found = verified(path)
    assert found["different"] == 1
    assert sentence in found["differences"][0]
    page = verification_text(HEAD | found | {"is_verified": False})
    assert sentence in page
    assert "not verified: 1 ticket differs" in page


def test_not_every_difference_is_shown(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE tickets SET prompt = '[]'")
    found = verified(path)
    assert found["different"] == found["settled"]
    assert len(found["differences"]) == 10
    assert "more" in verification_text(HEAD | found | {"is_verified": False})


class Opinionated:
    """A judge that finds every third answer bad, and says nothing of every tenth."""

    async def answer(self, request: Request) -> Reply:
        if request.ticket.seq % 10 == 9:
            return Reply(Outcome.REFUSED, "I would rather not.", "judge")
        return Reply(Outcome.ANSWERED, f'{{"score": {1 if request.ticket.seq % 3 == 0 else 5}}}', "judge")


def test_the_word_of_a_judge_counts_again(tmp_path: Path) -> None:
    path, domain = tmp_path / "ledger.sqlite", ReferringDomain()
    judges = {"tiny": Judge(Opinionated(), "judge", Tariff(Prices()))}
    TinyRun(path, goal=replace(GOAL, total=30), domains={"tiny": domain}, judges=judges).go()
    found = verified(path, {"tiny": domain})
    assert found["different"] == 0
    assert {"unjudged", "check opinion"} & found["not_accepted"].keys()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE opinions SET reply = '{\"score\": 1}'")
    assert verified(path, {"tiny": domain})["different"] > 10
