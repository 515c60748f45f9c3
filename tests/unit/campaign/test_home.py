from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.campaign.errors import ExitCode, UsageError
from agents.campaign.home import Home, checked_name

ROOT = Path("/ctx")


def test_the_paths_are_those_of_the_seed() -> None:
    home = Home(ROOT)
    training = ROOT / "training"
    assert home.pilot_status == training / "pilot_monitor_status.json"
    assert home.validation == training / "campaign_validation.json"
    assert home.launch_status == training / "campaign_status.json"
    assert home.campaign_status == training / "campaign_monitor_status.json"
    assert home.orchestrator_state == training / "orchestrator_state.json"
    assert home.orchestrator_pid == training / "orchestrator.pid"
    assert home.campaign_pid == training / "campaign.pid"
    assert home.orchestrator_log == ROOT / "logs" / "training_orchestrator.log"
    assert home.pilot_log == home.log("pilot") == training / "pilot_campaign.log"
    assert home.campaign_log == home.log("campaign") == training / "full_campaign.log"
    assert home.datasets == training / "datasets"
    assert home.workflows == training / "workflows.sqlite"
    assert home.run("full_campaign_34500").ledger == training / "runs" / "full_campaign_34500" / "ledger.sqlite"


def test_no_two_names_are_one_file() -> None:
    home, run = Home(ROOT), Home(ROOT).run("a")
    paths = [getattr(home, name) for name, kind in vars(Home).items() if isinstance(kind, property)]
    paths += [home.warden_lease("pilot"), home.warden_lease("campaign"), run.ledger, run.lease, run.exit_record]
    assert len(set(paths)) == len(paths)


@pytest.mark.parametrize(
    ("environment", "root"),
    [
        ({"HOME": "/home/me"}, "/home/me/.context"),
        ({"HOME": "/home/me", "CONTEXT_ROOT": ""}, "/home/me/.context"),
        ({"HOME": "/home/me", "CONTEXT_ROOT": "/data/ctx"}, "/data/ctx"),
        ({"HOME": "/home/me", "CONTEXT_ROOT": "~/ctx"}, "/home/me/ctx"),
    ],
)
def test_context_root_moves_everything(environment: dict[str, str], root: str) -> None:
    assert Home.from_environment(environment) == Home(Path(root))


def test_a_relative_context_root_does_not_move_with_the_working_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    home = Home.from_environment({"CONTEXT_ROOT": "ctx"})
    assert home.root == Path("/ctx")


@pytest.mark.parametrize("name", ["full_campaign_34500", "a", "2025.12-21_x", "A" * 100])
def test_a_plain_name_names_a_run(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x",
        "a/b",
        "/etc",
        "-x",
        "_x",
        ".x",
        "a..b",
        "a b",
        "a\n",
        "a;b",
        "$(a)",
        "é",
        "A" * 101,
        "a\0",
    ],
)
def test_a_name_that_could_leave_its_folder_is_refused(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        Home(ROOT).run(name)
    assert repr(name) in caught.value.what
    assert "full_campaign_34500" in caught.value.cure
    assert caught.value.exit_code is ExitCode.USAGE


@given(st.text(max_size=120))
def test_no_name_leads_out_of_the_runs_folder(name: str) -> None:
    try:
        folder = Home(ROOT).run(name).folder
    except UsageError:
        return
    assert folder.resolve().parent == ROOT / "training" / "runs"
    assert not name.startswith("-")
