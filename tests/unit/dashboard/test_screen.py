from __future__ import annotations

import asyncio
from typing import Any

import pytest

from agents.campaign.files import write_json
from agents.campaign.home import Home
from agents.dashboard import screen
from agents.dashboard.screen import workflow_bar


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "REFRESH_SECONDS", 0.001)
    for name, value in {"COLUMNS": "200", "TTY_COMPATIBLE": "1", "TERM": "xterm"}.items():
        monkeypatch.setenv(name, value)


def shown_while(home: Home, *states: dict[str, Any] | str) -> None:
    async def watch() -> None:
        async with workflow_bar(home):
            for state in states:
                if isinstance(state, str):
                    home.orchestrator_state.write_text(state)
                else:
                    write_json(home.orchestrator_state, state)
                await asyncio.sleep(0.01)

    asyncio.run(watch())


def test_the_phase_its_progress_and_its_quality_are_shown(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    pilot = {"progress": 87, "total": 190, "estimated_quality": 0.82}
    campaign = {"progress": 7, "total": 40, "estimated_quality": 0.9}
    shown_while(
        home,
        {"phase": "monitoring_pilot", "pilot_result": pilot},
        {"phase": "campaign_launched", "run": "full", "pilot_result": pilot, "campaign_result": campaign},
    )
    screen_text = capsys.readouterr().err
    assert "campaign_launched" in screen_text
    assert "7/40" in screen_text
    assert "quality 0.900" in screen_text


def test_what_follows_the_campaign_is_shown_and_a_total_is_no_other_tasks(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    after = {"phase": "after_campaign", "run": "full", "campaign_result": {"progress": 40, "total": 40}}
    training = {"task": "train asm", "state": "running", "progress": 3, "total": 9}
    shown_while(home, after | {"after_campaign": [training]})
    assert "train asm" in (trained := capsys.readouterr().err)
    assert "3/9" in trained
    waiting = {"task": "evaluate asm", "state": "waiting"}
    shown_while(
        home,
        after | {"after_campaign": [training, waiting]},
        after | {"after_campaign": [training | {"state": "done"}, waiting | {"state": "running"}]},
    )
    assert "0/?" in capsys.readouterr().err.rpartition("evaluate asm")[2]


@pytest.mark.parametrize("broken", [7, [7], {"task": 1}])
def test_a_state_that_somebody_has_edited_disturbs_nobody(
    home: Home, broken: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    shown_while(home, {"phase": "after_campaign", "after_campaign": broken})
    assert "after_campaign" in capsys.readouterr().err


@pytest.mark.parametrize("trouble", ["no file", "no JSON", "a damaged ledger", "a name that is none"])
def test_what_cannot_be_read_is_not_shown_and_disturbs_nobody(
    home: Home, trouble: str, capsys: pytest.CaptureFixture[str]
) -> None:
    state = {"phase": "campaign_launched", "run": "full"}
    if trouble == "a damaged ledger":
        home.run("full").ledger.parent.mkdir(parents=True)
        home.run("full").ledger.write_bytes(b"no database " * 1000)
    shown_while(
        home,
        *{
            "no file": [],
            "no JSON": ["{"],
            "a damaged ledger": [state],
            "a name that is none": [state | {"run": "../out"}],
        }[trouble],
    )
    assert "starting" in capsys.readouterr().err
