from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from agents.campaign.errors import DamagedFileError, PausedError
from agents.campaign.models import ModelSection
from agents.training.batches import NO_WORD, Batch, State
from agents.training.sample import Outcome, Reply
from agents.training.teachers import batch_folder
from agents.training.teachers.batch_folder import BatchFolder
from agents.training.teachers.forms import Forms
from agents.training.troubles import Failure, Trouble

DOMAIN = "d"


def answered(ticket: str, text: str = "Said.") -> bytes:
    body = {"model": "m", "choices": [{"message": {"content": text}, "finish_reason": "stop"}]}
    return line(ticket, response={"status_code": 200, "body": body})


def failed(ticket: str, status: int, message: str = "No.") -> bytes:
    return line(ticket, response={"status_code": status, "body": {"error": {"message": message}}})


def line(ticket: str, **changes: Any) -> bytes:
    return orjson.dumps({"custom_id": ticket, **changes}) + b"\n"


def begun(folder: BatchFolder, *tickets: str) -> Batch:
    asked = ((ticket, DOMAIN, b'{"n":1}') for ticket in tickets)
    return folder.begin("a-mark", "http://127.0.0.1:1/v1", "", asked)


def opened(path: Path, said: list[str] | None = None) -> BatchFolder:
    return BatchFolder(path, Forms(ModelSection(model="m"), {DOMAIN}, "m", (said if said is not None else []).append))


def collected(folder: BatchFolder, tickets: str, *lines: bytes) -> Batch:
    batch = folder.submitted(begun(folder, *tickets.split()), "batch_1")
    with folder.collecting(batch) as results:
        results.writelines(lines)
    for _ in folder.results(batch):
        continue
    return batch


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "batches"


def test_every_step_is_there_for_the_next_start(path: Path) -> None:
    folder = opened(path)
    batch = begun(folder, "t1", "t2")
    assert opened(path).under_way() == [batch]
    assert batch.state is State.INTENDED
    assert [orjson.loads(one)["custom_id"] for one in folder.requests(1).read_bytes().splitlines()] == ["t1", "t2"]
    batch = folder.submitted(batch, "batch_1")
    assert opened(path).under_way() == [batch]
    assert not folder.requests(1).exists(), "prompts are not kept twice"
    with folder.collecting(batch) as results:
        results.write(answered("t1"))
    assert folder.under_way() == opened(path).under_way() == []


def test_batches_are_numbered_on(path: Path) -> None:
    folder = opened(path)
    assert [begun(folder, "t").number for _ in range(3)] == [1, 2, 3]
    assert begun(opened(path), "t").number == 4


def test_what_came_back_is_known_now_and_after_every_start(path: Path) -> None:
    folder = opened(path)
    collected(
        folder, "t1 t2 t3 t4", answered("t1", "One\n"), answered("t2", "Two"), failed("t3", 400), failed("t4", 503)
    )
    for found in (folder, opened(path)):
        assert found.final("t1") == Reply(Outcome.ANSWERED, "One\n", "m")
        assert found.final("t2") == Reply(Outcome.ANSWERED, "Two", "m")
        lasting = found.final("t3")
        assert isinstance(lasting, Failure)
        assert lasting.trouble is Trouble.REQUEST
        assert [found.tries(ticket) for ticket in ("t1", "t3", "t4")] == [0, 0, 1]
        assert found.final("t4") is None
        assert "503" in found.failure("t4").detail


def test_a_ticket_of_which_nothing_is_said_has_failed_once(path: Path) -> None:
    folder = opened(path)
    collected(folder, "t1 t2", answered("t1"))
    for found in (folder, opened(path)):
        assert (found.tries("t1"), found.tries("t2")) == (0, 1)
        assert found.failure("t2") == NO_WORD


def refused(ticket: str) -> bytes:
    return failed(ticket, 400, "no such response_format")


def test_a_form_that_was_refused_is_known_to_every_start(path: Path) -> None:
    folder, said = opened(path), []
    for form in ("json_schema", "json_object"):
        batch = collected(folder, "t1", refused("t1"))
        assert batch.forms == {DOMAIN: form}
        assert (folder.final("t1"), folder.tries("t1")) == (None, 0)
    again = opened(path, said)
    assert begun(again, "t1").forms == {DOMAIN: "none"}
    assert len(said) == 2


def test_a_form_that_is_refused_and_has_no_simpler_one_is_the_last_word(path: Path) -> None:
    folder = opened(path)
    collected(folder, "t1 t2", answered("t1"), refused("t2"))
    for found in (folder, opened(path)):
        lasting = found.final("t2")
        assert isinstance(lasting, Failure)
        assert "response_format" in lasting.detail
        assert begun(found, "t3").forms == {DOMAIN: "json_schema"}


def test_what_a_batch_of_the_first_kind_was_asked_in_is_not_known(path: Path) -> None:
    collected(opened(path), "t1 t2", refused("t1"), answered("t2"))
    record = path / "000001.json"
    document = {name: value for name, value in orjson.loads(record.read_bytes()).items() if name != "forms"}
    record.write_bytes(orjson.dumps(document | {"tickets": ["t1", "t2"]}))
    found = opened(path)
    assert (found.final("t1"), found.final("t2")) == (None, Reply(Outcome.ANSWERED, "Said.", "m"))
    assert begun(found, "t1").forms == {DOMAIN: "json_schema"}


@pytest.mark.parametrize("status", [401, 402])
def test_what_a_person_mends_costs_no_try(path: Path, status: int) -> None:
    folder = opened(path)
    collected(folder, "t1", failed("t1", status))
    assert (folder.final("t1"), folder.tries("t1")) == (None, 0)
    assert not folder.has_answered


def test_an_answer_outlives_failures_before_and_after_it(path: Path) -> None:
    folder = opened(path)
    for said in (failed("t1", 500), answered("t1"), failed("t1", 500)):
        collected(folder, "t1", said)
    for found in (folder, opened(path)):
        assert found.final("t1") == Reply(Outcome.ANSWERED, "Said.", "m")


def test_what_is_dropped_is_forgotten(path: Path) -> None:
    folder = opened(path)
    folder.drop(begun(folder, "t1"))
    assert folder.under_way() == opened(path).under_way() == []
    assert list(path.iterdir()) == []


def test_a_batch_is_no_larger_than_may_be_uploaded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_folder, "LARGEST_UPLOAD", 200)
    folder = opened(path)
    assert list(begun(folder, "t1", "t2", "t3").tickets) == ["t1", "t2"]
    assert folder.requests(1).stat().st_size <= 200
    assert list(folder.begin("m", "a", "", [("t4", DOMAIN, b" " * 500)]).tickets) == ["t4"], (
        "one that is larger is refused there"
    )


def test_a_collection_that_breaks_off_leaves_the_batch_as_it_was(path: Path) -> None:
    folder = opened(path)
    batch = folder.submitted(begun(folder, "t1"), "batch_1")

    def broken_off() -> None:
        with folder.collecting(batch) as results:
            results.write(answered("t1"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    again = opened(path)
    assert again.under_way() == [batch]
    assert again.final("t1") is None


def test_a_full_disk_pauses(path: Path) -> None:
    folder = opened(path)
    batch = folder.submitted(begun(folder, "t1"), "batch_1")
    with pytest.raises(PausedError, match="No space left") as caught, folder.collecting(batch):
        raise OSError(28, "No space left on device")
    assert "run the same command again" in caught.value.cure
    assert opened(path).under_way() == [batch]


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}", b'{"number": 1}'])
def test_a_damaged_record_is_refused(path: Path, content: bytes) -> None:
    begun(opened(path), "t1")
    path.joinpath("000001.json").write_bytes(content)
    with pytest.raises(DamagedFileError, match="damaged") as caught:
        opened(path)
    assert "paid, again" in caught.value.cure


def test_results_that_are_gone_or_others_are_refused(path: Path) -> None:
    folder = opened(path)
    collected(folder, "t1", answered("t1"))
    path.joinpath("000001.results.jsonl").write_bytes(answered("t2"))
    with pytest.raises(DamagedFileError, match="not what was collected"):
        folder.final("t1")
    path.joinpath("000001.results.jsonl").unlink()
    with pytest.raises(DamagedFileError, match="No such file"):
        opened(path)
