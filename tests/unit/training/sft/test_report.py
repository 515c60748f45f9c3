from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agents.campaign.events import Progressed
from agents.campaign.log_lines import LOG_DATES, LOG_FORMAT, parse
from agents.training.sft import report as reporting
from agents.training.sft.ending import told_ending
from agents.training.sft.files import Lease
from agents.training.sft.report import LOG, STATUS, Progress, Report
from agents.training.sft.troubles import PausedError, TrainingError

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _heard() -> Iterator[None]:
    level = logging.getLogger().level
    logging.getLogger().setLevel(logging.INFO)
    yield
    logging.getLogger().setLevel(level)


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_bytes())
    return document


def test_a_line_is_in_the_words_that_campaigns_use() -> None:
    progress = Progress(done=89, total=190, loss=1.23456, eval_loss=1.5, rate=0.5, tokens_rate=12_345.6)
    line = progress.line()
    assert line == "Progress: 89/190 (46.8%) | Loss: 1.2346 | Eval loss: 1.5000 | Tokens/s: 12,346 | ETA: 0:03:22"
    assert parse(line) == (Progressed(89, 190),)
    assert (reporting.LOG_FORMAT, reporting.LOG_DATES) == (LOG_FORMAT, LOG_DATES)
    assert Progress(done=190, total=190, rate=1.0).line() == "Progress: 190/190 (100.0%)"


def test_the_document_has_what_readers_rely_on() -> None:
    document = Progress(state="training", done=1, total=4, loss=float("nan"), rate=0.5, tokens_rate=10.0).document(NOW)
    assert document["percentage"] == 25.0
    assert (document["loss"], document["eval_loss"]) == (None, None)
    assert (document["rate_per_minute"], document["tokens_per_second"]) == (30.0, 10.0)
    assert datetime.fromisoformat(document["eta"]).timestamp() == NOW.timestamp() + 6
    assert datetime.fromisoformat(document["last_update"]) == NOW
    assert document["is_running"]
    idle = Progress(state="paused").document(NOW)
    assert (idle["percentage"], idle["eta"], idle["is_running"]) == (0.0, None, False)


def test_the_status_is_beside_the_output_and_shared_with_the_campaigns(tmp_path: Path) -> None:
    output, shared = tmp_path / "model", tmp_path / "training"
    with Report(output, shared, {"dataset": "mine"}) as report:
        report.progress.done, report.progress.total = 1, 2
        report.enter("training")
        for folder in (output, shared):
            assert read(folder / STATUS)["state"] == "training"
            assert (read(folder / STATUS)["dataset"], read(folder / STATUS)["progress"]) == ("mine", 1)
        with Report(tmp_path / "other", shared, {"dataset": "other"}):
            assert read(shared / STATUS)["dataset"] == "mine"
            assert read(tmp_path / "other" / STATUS)["dataset"] == "other"
    with Lease(shared / "training_status.lease", "nobody holds it any more"):
        pass


def test_beats_are_told_at_once_and_then_not_too_often(tmp_path: Path) -> None:
    with Report(tmp_path, None, {}) as report:
        report.progress.total = 1_000
        report.enter("training")
        for done in range(1, 31):
            report.progress.done = done
            report.beat()
        assert read(tmp_path / STATUS)["progress"] == 0
    lines = (tmp_path / LOG).read_text(encoding="utf-8").splitlines()
    assert [event.done for line in lines for event in parse(line) if isinstance(event, Progressed)] == [1, 11, 21]


@pytest.mark.parametrize(
    ("raised", "state"),
    [
        (None, "complete"),
        (PausedError("stopped", "again"), "paused"),
        (TrainingError("no", "cure"), "failed"),
        (KeyboardInterrupt(), "paused"),
        (ValueError("odd"), "failed"),
    ],
)
def test_however_it_ends_the_status_says_so(tmp_path: Path, raised: BaseException | None, state: str) -> None:
    def end() -> None:
        with Report(tmp_path, None, {}) as report, told_ending(report):
            if raised is not None:
                raise raised

    if raised is None:
        end()
    else:
        with pytest.raises(TrainingError):
            end()
    document = read(tmp_path / STATUS)
    assert (document["state"], document["is_running"]) == (state, False)
    assert ("error" in document) == (raised is not None)
    log = (tmp_path / LOG).read_text(encoding="utf-8")
    assert ("Traceback" in log) == isinstance(raised, ValueError)


def test_a_log_that_cannot_be_written_pauses(tmp_path: Path) -> None:
    (tmp_path / LOG).mkdir()
    with pytest.raises(PausedError), Report(tmp_path, None, {}):
        pass
