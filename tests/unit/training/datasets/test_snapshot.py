from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from made_run import RUN, Made, MadeRun, dialogue, mixed_samples, tool_dialogue

from agents.campaign.errors import DamagedFileError
from agents.campaign.home import Home
from agents.campaign.ledger_view import LedgerView
from agents.training.datasets.snapshot import Snapshot
from agents.training.dedup import trace

TEXTS = {"domains.notes.sources": [{"files": ["*.md"], "licence": "own"}]}


def test_samples_are_those_that_every_reader_of_the_ledger_sees(tmp_path: Path) -> None:
    path = MadeRun(Home(tmp_path), mixed_samples(60)).write()
    with Snapshot.of(path) as snapshot:
        assert snapshot is not None
        found = list(snapshot.samples(["asm", "yaze"]))
        assert snapshot.accepted == {"asm": 15, "errors": 15, "oracle": 10, "yaze": 10}
    seen = [row for row in LedgerView(path).samples(accepted=True) if row["domain"] in {"asm", "yaze"}]
    assert [(one.seq, one.id, one.item_id, one.messages, one.tools, one.quality) for one in found] == [
        (row["seq"], row["id"], row["item_id"], row["messages"], row["tools"], row["quality"]) for row in seen
    ]
    assert {one.group for one in found} == {one.item_id for one in found}


def test_only_texts_have_groups_of_their_own(tmp_path: Path) -> None:
    """A procedure may call a parameter ``group`` too, and mean something else."""
    rng = random.Random(1)
    made = [Made(domain, dialogue(rng), group="shared") for domain in ("notes", "notes", "asm", "asm")]
    path = MadeRun(Home(tmp_path), [*made, Made("asm", tool_dialogue(rng))], values=TEXTS).write()
    with Snapshot.of(path) as snapshot:
        assert snapshot is not None
        found = {one.seq: one for one in snapshot.samples(["notes", "asm"])}
        groups = dict(snapshot.groups())
        assert [seq for seq, _ in snapshot.signatures()] == sorted(groups)
    assert groups == {seq: one.group for seq, one in found.items()}
    assert [groups[0], groups[1]] == ["shared", "shared"]
    assert len({groups[2], groups[3], groups[4]}) == 3
    assert found[0].metadata["source"] == "shared:0"
    assert "source" not in found[2].metadata


def test_texts_whose_group_is_empty_share_it(tmp_path: Path) -> None:
    rng = random.Random(1)
    path = MadeRun(Home(tmp_path), [Made("notes", dialogue(rng), group="file") for _ in range(3)], values=TEXTS).write()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE tickets SET item = json_set(item, '$.group', '') WHERE seq > 0")
        connection.commit()
    with Snapshot.of(path) as snapshot:
        assert snapshot is not None
        written = {one.seq: one.group for one in snapshot.samples(["notes"])}
        assert dict(snapshot.groups()) == written == {0: "file", 1: "", 2: ""}


def test_signatures_are_those_of_accepted_samples(tmp_path: Path) -> None:
    samples = mixed_samples(40)
    path = MadeRun(Home(tmp_path), samples).write()
    with Snapshot.of(path) as snapshot:
        assert snapshot is not None
        found = dict(snapshot.signatures())
    told = {seq: "\n".join(message.told for message in made.messages[1:]) for seq, made in enumerate(samples)}
    assert found == {seq: trace(told[seq]).signature for seq, made in enumerate(samples) if made.is_accepted}


def test_a_damaged_ledger_says_so(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Snapshot.of(path) as snapshot:
        assert snapshot is None
    path.write_bytes(b"no database, but long enough to be looked at" * 50)
    with pytest.raises(DamagedFileError), Snapshot.of(path):
        pass


def test_a_row_that_cannot_be_read_is_damage(tmp_path: Path) -> None:
    path = MadeRun(Home(tmp_path), mixed_samples(12)).write()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE tickets SET prompt = '{' WHERE seq = 4")
        connection.commit()
    with Snapshot.of(path) as snapshot:
        assert snapshot is not None
        with pytest.raises(DamagedFileError, match=f"{RUN}.* is damaged"):
            list(snapshot.samples(["asm"]))
