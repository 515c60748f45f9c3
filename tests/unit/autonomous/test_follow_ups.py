"""What follows a campaign, with programs that are played: they write what real ones write, and end as they are told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from stage import HandClock, Played, Stage, make_ledger, plan, run, tick, write_exit

from agents.autonomous.follow_up_programs import programs_of
from agents.autonomous.training_orchestrator import TrainingOrchestrator
from agents.campaign.errors import AlreadyRunningError, CampaignError, UsageError
from agents.campaign.files import read_json, write_json
from agents.campaign.follow_ups import FOLLOW_UPS
from agents.campaign.home import Home

TARGET = 20
RUN = f"full_campaign_{TARGET}"
RECIPE = {
    "campaign__target": TARGET,
    "watch__pilot_seconds": 0.001,
    "watch__campaign_seconds": 0.001,
    "after_campaign": list(FOLLOW_UPS),
}
NAMES = [f"{RUN}.{task}" for task in ("export", "transfer", "train.alttp_asm_24k", "evaluate.alttp_asm_24k")]
TASKS = ["export", "transfer", "train alttp_asm_24k", "evaluate alttp_asm_24k"]
DATASET = "alttp_asm_24k"
SENT = {"host": "medical-mechanica", "path": "~/training/datasets/alttp_asm_24k", "bytes": 7}
OVERALL = {"tickets": 9, "pass_rate": 0.5, "low": 0.2, "high": 0.8}

Act = Callable[[Played], None]


def orchestrator(home: Home, clock: HandClock | None = None, **recipe: Any) -> TrainingOrchestrator:
    return TrainingOrchestrator(plan=plan(**RECIPE | recipe), home=home, clock=clock)


def tick_until(orchestrator: TrainingOrchestrator, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    for _ in range(30):
        document = tick(orchestrator)
        if is_so(document):
            return document
    pytest.fail(f"it never was so, it is {document}")


def is_running(task: str) -> Callable[[dict[str, Any]], bool]:
    return lambda document: states(document).get(task) == "running"


def states(document: dict[str, Any]) -> dict[str, str]:
    return {entry["task"]: entry["state"] for entry in document.get("after_campaign", ())}


def make(home: Home, played: Played) -> None:
    """Write what the program of a task writes."""
    what = next(what for what in FOLLOW_UPS if f".{what}" in played.run)
    match what:
        case "export":
            write_json(home.datasets / DATASET / "manifest.json", {"run": RUN, "samples": 20})
        case "transfer":
            write_json(home.datasets / f"{DATASET}.transfers.json", {"transfers": [SENT | {"bytes": 1}, SENT]})
        case "train":
            told = {"base_model": "tiny", "steps": 3, "loss": {"last": 1.0}, "tokens_per_second": 5.0}
            write_json(home.models / DATASET / "manifest.json", told | {"dataset": {"run": RUN}})
        case "evaluate":
            place = str(home.models / DATASET / "model")
            report = {"models": {"after": {"place": place, "overall": OVERALL}}}
            write_json(home.evaluations / DATASET / "x" / "report.json", report)


def works(stage: Stage, instead: dict[str, Act] | None = None) -> Act:
    """Return what programs do that make what they owe; ``instead`` says what those of a task do."""

    def play(played: Played) -> None:
        if played.kind != "follow_up":
            total = 190 if played.kind == "pilot" else TARGET
            make_ledger(stage.home, played.run, [0.9] * total, kind=played.kind, total=total)
            stage.end(played.kind)
            return
        for task, act in (instead or {}).items():
            if f".{task}" in played.run:
                act(played)
                return
        make(stage.home, played)
        stage.end("follow_up")

    return play


@pytest.fixture
def stage(stage: Stage) -> Stage:
    """A stage on which every program works well."""
    stage.at_start = works(stage)
    return stage


def follow_ups(stage: Stage) -> list[str]:
    return [played.run for played in stage.started if played.kind == "follow_up"]


def nothing(_: Played) -> None:
    pass


def flag(argv: Sequence[str], name: str) -> str:
    return argv[argv.index(name) + 1]


def test_all_is_done_in_order_and_told(home: Home, stage: Stage) -> None:
    document = run(orchestrator(home))
    assert document["phase"] == "campaign_complete"
    assert follow_ups(stage) == NAMES
    assert list(states(document).items()) == [(task, "done") for task in TASKS]
    results = {entry["task"]: entry["result"] for entry in document["after_campaign"]}
    assert results["export"] == {DATASET: 20}
    assert results["transfer"] == {DATASET: SENT}
    assert results[f"train {DATASET}"]["model"] == str(home.models / DATASET)
    report = home.evaluations / DATASET / "x" / "report.txt"
    assert results[f"evaluate {DATASET}"] == {"report": str(report), "after": OVERALL}
    assert str(report) in document["next"]
    assert document == read_json(home.orchestrator_state)


def test_without_follow_ups_nothing_changes(home: Home, stage: Stage) -> None:
    document = run(orchestrator(home, after_campaign=[]))
    assert document["phase"] == "campaign_complete"
    assert follow_ups(stage) == []
    assert "after_campaign" not in document


def test_what_is_wanted_only_later_is_done_then_and_the_campaign_is_not_run_again(home: Home, stage: Stage) -> None:
    run(orchestrator(home, after_campaign=[]))
    run(orchestrator(home, after_campaign=["export"]))
    document = run(orchestrator(home))
    assert document["phase"] == "campaign_complete"
    assert [played.kind for played in stage.started].count("campaign") == 1
    assert follow_ups(stage) == NAMES


def test_what_is_done_is_not_done_again(home: Home, stage: Stage) -> None:
    first = run(orchestrator(home))
    again = run(orchestrator(home))
    assert again["after_campaign"] == first["after_campaign"]
    assert follow_ups(stage) == NAMES


def test_what_is_gone_is_made_again_and_so_is_what_came_of_it(home: Home, stage: Stage) -> None:
    run(orchestrator(home))
    (home.models / DATASET / "manifest.json").unlink()
    document = run(orchestrator(home))
    assert document["phase"] == "campaign_complete"
    assert follow_ups(stage) == [*NAMES, *NAMES[2:]]


def test_what_is_wanted_otherwise_is_done_again(home: Home, stage: Stage) -> None:
    run(orchestrator(home))
    run(orchestrator(home, transfer__host="other"))
    assert follow_ups(stage) == [*NAMES, NAMES[1]]
    run(orchestrator(home, transfer__host="other", evaluation__count=50))
    assert follow_ups(stage)[5:] == NAMES[3:]
    run(orchestrator(home, transfer__host="other", evaluation__count=50, curation__max_tokens=2_000))
    assert follow_ups(stage)[6:] == NAMES


@pytest.mark.parametrize("task", TASKS)
def test_one_that_was_killed_is_followed_by_one_that_adopts_what_runs(home: Home, stage: Stage, task: str) -> None:
    stage.at_start = works(stage, {task.replace(" ", "."): nothing})
    killed = orchestrator(home)
    tick_until(killed, is_running(task))
    killed.close()

    ours = orchestrator(home)
    tick_until(ours, is_running(task))
    make(home, stage.started[-1])
    stage.end("follow_up")
    stage.at_start = works(stage)

    assert run(ours)["phase"] == "campaign_complete"
    assert follow_ups(stage) == NAMES


@pytest.mark.parametrize("task", TASKS)
def test_what_ended_while_nobody_looked_is_not_done_again(home: Home, stage: Stage, task: str) -> None:
    stage.at_start = works(stage, {task.replace(" ", "."): nothing})
    killed = orchestrator(home)
    tick_until(killed, is_running(task))
    killed.close()
    make(home, stage.started[-1])
    stage.end("follow_up")
    stage.at_start = works(stage)

    assert run(orchestrator(home))["phase"] == "campaign_complete"
    assert follow_ups(stage) == NAMES


def test_a_training_tells_how_far_it_is(home: Home, stage: Stage) -> None:
    stage.at_start = works(stage, {"train": nothing})
    ours = orchestrator(home)
    document = tick_until(ours, is_running(f"train {DATASET}"))
    assert states(document)[f"evaluate {DATASET}"] == "waiting"
    status = {"progress": 3, "total": 9, "loss": 1.5, "output": str(home.models / DATASET)}
    write_json(home.training_status, status)
    running = tick(ours)["after_campaign"][2]
    assert running == {
        "task": f"train {DATASET}",
        "state": "running",
        "progress": 3,
        "total": 9,
        "loss": 1.5,
    }
    write_json(home.training_status, status | {"output": "another training"})
    assert tick(ours)["after_campaign"][2] == {"task": f"train {DATASET}", "state": "running"}
    ours.close()


def test_what_fails_holds_up_what_needs_it_and_nothing_else(home: Home, stage: Stage) -> None:
    stage.at_start = works(stage, {"transfer": lambda _: stage.end("follow_up", code=6)})
    document = run(orchestrator(home))
    assert document["phase"] == "paused"
    assert list(states(document).values()) == ["done", "failed", "done", "done"]
    assert "transfer ended with exit code 6" in document["cause"]
    assert "the campaign is complete" in document["cause"]
    assert document["campaign_result"]["state"] == "complete"

    stage.at_start = works(stage)
    document = run(orchestrator(home))
    assert document["phase"] == "campaign_complete"
    assert follow_ups(stage) == [*NAMES, NAMES[1]]


def test_without_a_dataset_nothing_else_is_tried(home: Home, stage: Stage) -> None:
    stage.at_start = works(stage, {"export": lambda _: stage.end("follow_up", code=2)})
    document = run(orchestrator(home))
    assert list(states(document).values()) == ["failed", "held up", "held up", "held up"]
    assert document["phase"] == "paused"
    assert follow_ups(stage) == NAMES[:1]


def test_what_was_killed_is_started_again_a_few_times(home: Home, stage: Stage, clock: HandClock) -> None:
    stage.at_start = works(stage, {"train": nothing})
    ours = orchestrator(home, clock)
    for _ in range(3):
        tick_until(ours, is_running(f"train {DATASET}"))
        stage.end("follow_up", code=None, signal=9)
    document = run(ours)
    assert states(document) == dict(zip(TASKS, ["done", "done", "failed", "held up"], strict=True))
    assert "killed by signal 9" in document["cause"]
    assert follow_ups(stage).count(NAMES[2]) == 3


@pytest.mark.parametrize("launch", [4, 7])
def test_an_exit_that_another_store_counted_is_not_that_of_a_program_which_begins(
    home: Home, stage: Stage, launch: int
) -> None:
    """The store was moved away, so launches are counted anew: that of the transfer is the fourth."""
    make(home, Played("follow_up", NAMES[1], launch, ()))
    write_exit(home, NAMES[1], launch=launch)
    stage.at_start = works(stage, {"transfer": nothing})
    ours = orchestrator(home)
    document = tick_until(ours, lambda document: "transfer" in states(document) and len(follow_ups(stage)) == 2)
    ours.close()
    assert stage.started[-1].launch == 4
    assert states(document)["transfer"] == "running"


def test_what_was_killed_at_once_is_started_again_as_well(home: Home, stage: Stage) -> None:
    def dies_at_first(played: Played) -> None:
        stage.at_start = works(stage)
        stage.end("follow_up", code=None, signal=9)

    stage.at_start = works(stage, {"transfer": dies_at_first})
    assert run(orchestrator(home))["phase"] == "campaign_complete"
    assert follow_ups(stage) == [*NAMES[:2], *NAMES[1:]]
    stage.at_start = works(stage, {"transfer": lambda _: stage.end("follow_up", code=None, signal=9)})
    assert "transfer ended with killed by signal 9" in run(orchestrator(home, transfer__host="other"))["cause"]
    assert follow_ups(stage)[5:] == [NAMES[1]] * 3


def test_what_a_person_has_stopped_is_not_started_again(home: Home, stage: Stage) -> None:
    stage.at_start = works(stage, {"train": nothing})
    ours = orchestrator(home)
    tick_until(ours, is_running(f"train {DATASET}"))
    stage.end("follow_up", code=None, signal=15)
    assert run(ours)["phase"] == "paused"
    assert follow_ups(stage).count(NAMES[2]) == 1


@pytest.mark.parametrize("task", ["export", "train"])
def test_a_program_that_ends_well_and_made_nothing_has_failed(home: Home, stage: Stage, task: str) -> None:
    stage.at_start = works(stage, {task: lambda _: stage.end("follow_up")})
    document = run(orchestrator(home))
    assert document["phase"] == "paused"
    assert "what it should have made is not there" in document["cause"]
    stage.at_start = works(stage)
    assert run(orchestrator(home))["phase"] == "campaign_complete"


@pytest.mark.parametrize("task", ["transfer", "evaluate"])
def test_a_program_whose_files_tell_nothing_has_failed(home: Home, stage: Stage, task: str) -> None:
    stage.at_start = works(stage, {task: lambda _: stage.end("follow_up")})
    document = run(orchestrator(home))
    assert document["phase"] == "paused"
    assert "does not tell what came of it" in document["cause"]


def test_one_that_is_asked_to_stop_leaves_what_runs(home: Home, stage: Stage) -> None:
    stage.at_start = works(stage, {"train": nothing})
    ours = orchestrator(home)
    tick_until(ours, is_running(f"train {DATASET}"))
    ours.stop()
    document = run(ours)
    assert document["phase"] == "stopped"
    assert states(document)[f"train {DATASET}"] == "running"
    make(home, stage.started[-1])
    stage.end("follow_up")
    stage.at_start = works(stage)
    assert run(orchestrator(home))["phase"] == "campaign_complete"
    assert follow_ups(stage) == NAMES


def test_what_could_not_be_done_is_refused_before_the_pilot(home: Home, stage: Stage) -> None:
    stage.unready = ["train: not installed: torch (install it)"]
    with pytest.raises(UsageError, match=r"not installed: torch \(install it\)"):
        run(orchestrator(home))
    assert stage.started == []


def test_the_programs_say_what_the_recipe_says(home: Home) -> None:
    recipe = {
        "datasets.alttp_asm_24k.domains": ["asm"],
        "datasets.alttp_asm_24k.training": ["--model", "tiny", "--output", "/srv/own"],
        "evaluation__count": 50,
        "evaluation__max_cost": 2.5,
    }
    programs = [program.generator() for program in programs_of(plan(**RECIPE | recipe), home).values()]
    export, transfer, train, evaluate = (program.argv[2:] for program in programs)
    assert export == ("agents.training.exporter", "--input", RUN, "--output", DATASET)
    assert transfer == ("agents", "transfer", DATASET)
    assert train == ("agents", "train", DATASET, "--output", "/srv/own")
    assert evaluate[:3] == ("agents", "evaluate", DATASET)
    asked = {"--model": "/srv/own", "--before": "base", "--count": "50", "--max-cost": "2.5"}
    assert {name: flag(evaluate, name) for name in asked} == asked


def ends_with(stage: Stage, code: int) -> Act:
    return lambda _: stage.end("follow_up", code)


def test_what_runs_is_watched_though_what_it_was_made_from_is_gone(home: Home, stage: Stage) -> None:
    stage.at_start = works(stage, {"train": nothing})
    ours = orchestrator(home)
    tick_until(ours, is_running(f"train {DATASET}"))
    (home.datasets / DATASET / "manifest.json").unlink()
    document = tick(ours)
    ours.close()
    assert document["phase"] == "after_campaign"
    assert list(states(document).values()) == ["waiting", "done", "running", "waiting"]


def test_what_runs_is_watched_though_something_before_it_is_wanted_otherwise(home: Home, stage: Stage) -> None:
    stage.at_start = works(stage, {"train": nothing})
    killed = orchestrator(home)
    tick_until(killed, is_running(f"train {DATASET}"))
    killed.close()
    ours = orchestrator(home, curation__max_tokens=2_000)
    tick_until(ours, is_running(f"train {DATASET}"))
    assert follow_ups(stage) == NAMES[:3]
    make(home, stage.started[-1])
    stage.end("follow_up")
    stage.at_start = works(stage)
    assert run(ours)["phase"] == "campaign_complete"
    assert follow_ups(stage) == [*NAMES[:3], *NAMES]


def test_what_runs_and_is_wanted_otherwise_is_done_again_and_did_not_die(home: Home, stage: Stage) -> None:
    stage.at_start = works(stage, {"transfer": nothing})
    killed = orchestrator(home, campaign__restarts=0)
    tick_until(killed, is_running("transfer"))
    killed.close()
    ours = orchestrator(home, campaign__restarts=0, transfer__host="other")
    tick_until(ours, is_running("transfer"))
    make(home, stage.started[-1])
    stage.end("follow_up")
    stage.at_start = works(stage)
    assert run(ours)["phase"] == "campaign_complete"
    assert follow_ups(stage) == [*NAMES[:2], *NAMES[1:]]


def test_what_follows_another_campaign_is_waited_for(home: Home, stage: Stage) -> None:
    def play(played: Played) -> None:
        works(stage)(played)
        if played.kind == "campaign":
            stage.live("follow_up", "other.train.asm")

    stage.at_start = play
    ours = orchestrator(home)
    document = tick_until(ours, lambda document: "cause" in document)
    assert document["phase"] == "after_campaign"
    assert document["cause"] == "follow_up other.train.asm still runs, and is waited for"
    assert set(states(document).values()) == {"waiting"}
    assert follow_ups(stage) == []
    stage.vanish("follow_up")
    assert run(ours)["phase"] == "campaign_complete"


@pytest.mark.parametrize("kind", [AlreadyRunningError, CampaignError])
def test_a_program_that_shows_itself_only_later_is_adopted(
    home: Home, stage: Stage, monkeypatch: pytest.MonkeyPatch, kind: type[CampaignError]
) -> None:
    async def shows_nothing(*_: object) -> None:
        stage.live("follow_up", NAMES[0])
        raise kind("another one was faster, or there was no sign of life", "look again")

    monkeypatch.setattr("agents.autonomous.follow_ups.start", shows_nothing)
    ours = orchestrator(home)
    document = tick_until(ours, is_running("export"))
    ours.close()
    assert document["phase"] == "after_campaign"
    assert list(states(document).values()) == ["running", "waiting", "waiting", "waiting"]


def test_what_is_no_longer_wanted_is_no_longer_told(home: Home, stage: Stage) -> None:
    stage.at_start = works(stage, {"transfer": ends_with(stage, 6)})
    assert run(orchestrator(home))["phase"] == "paused"
    document = run(orchestrator(home, after_campaign=["export"]))
    assert document["phase"] == "campaign_complete"
    assert states(document) == {"export": "done"}


def test_where_nothing_is_wanted_any_more_nothing_is_told(home: Home, stage: Stage) -> None:
    stage.at_start = works(stage, {"transfer": ends_with(stage, 6)})
    assert run(orchestrator(home))["phase"] == "paused"
    document = run(orchestrator(home, after_campaign=[]))
    assert document["phase"] == "campaign_complete"
    assert states(document) == {}


@pytest.mark.parametrize("there", [b"{", b'{"run": "other", "samples": 20, "dataset": {"run": "other"}}'])
@pytest.mark.parametrize(("task", "place"), [("export", "datasets"), ("train", "models")])
def test_what_is_damaged_or_another_campaigns_is_not_what_was_made(
    home: Home, stage: Stage, task: str, place: str, there: bytes
) -> None:
    run(orchestrator(home))
    (home.training / place / DATASET / "manifest.json").write_bytes(there)
    stage.at_start = works(stage, {task: ends_with(stage, 2)})
    assert "ended with exit code 2" in run(orchestrator(home))["cause"]
    stage.at_start = works(stage, {task: ends_with(stage, 0)})
    assert "what it should have made is not there" in run(orchestrator(home))["cause"]


def test_a_damaged_report_of_another_evaluation_is_in_nobodys_way(home: Home, stage: Stage) -> None:
    another = home.evaluations / DATASET / "another" / "report.json"
    another.parent.mkdir(parents=True)
    another.write_bytes(b"{")
    assert run(orchestrator(home))["phase"] == "campaign_complete"


def test_a_campaign_that_has_begun_goes_on_though_what_follows_it_could_not_be_done_now(
    home: Home, stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    first = run(orchestrator(home))
    stage.unready = ["train: no card"]
    assert run(orchestrator(home))["after_campaign"] == first["after_campaign"]
    assert "train: no card" in caplog.text
