"""The command line in this process: verbs, flags, documents, errors, exit codes. Its processes are in tests/story."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agents import cli
from agents.autonomous import runner
from agents.campaign.home import Home
from agents.campaign.lease import Lease
from agents.campaign.ledger_view import RunHeader
from agents.campaign.plan import Plan, plan_for
from agents.campaign.process import Identity
from agents.training.judge import Verdict
from agents.training.ledger import Issued, Ledger
from agents.training.sample import Cell, Message, SourceItem, Ticket

VERBS = (
    *("auto", "monitor", "validate", "launch", "report", "calibrate", "approve", "resume", "status", "logs", "stop"),
    *("plan", "samples", "init", "preview", "verify", "transfer", "evaluate", "train"),
)
VARIABLES = ("CAMPAIGN_RECIPE", "CAMPAIGN_TARGET", "QUALITY_THRESHOLD", "AUTO_LAUNCH")
FLAGS = {
    "init": ("FILE", "--kind", "--json"),
    "preview": ("--count", "--recipe", "--candidate", "--seed-offset", "--json"),
    "auto": ("--quality-threshold", "--campaign-target", "--no-auto-launch", "--background", "--recipe", "--json"),
    "monitor": ("--quality-threshold", "--background", "--recipe", "--json"),
    "validate": ("FILE", "--quality-threshold", "--recipe", "--json"),
    "launch": ("--quality-threshold", "--campaign-target", "--no-auto-launch", "--recipe", "--json"),
    "report": ("--recipe", "--json"),
    "calibrate": ("--recipe", "--json"),
    "approve": ("--by", "--reason", "--override", "--json"),
    "resume": ("--by", "--json"),
    "status": ("--json",),
    "samples": ("--count", "--accepted", "--run", "--item", "--json"),
    "verify": ("RUN", "--json"),
    "transfer": ("DATASET", "--host", "--path", "--dry-run", "--recipe", "--json"),
    "train": ("DATASET",),
    "evaluate": (
        *("DATASET", "--model", "--alias", "--before", "--count", "--domain", "--samples", "--max-tokens", "--recipe"),
        "--json",
    ),
    "logs": ("--lines", "--no-follow"),
    "stop": ("--orchestrator-only", "--json"),
    "plan": (
        *("--quality-threshold", "--campaign-target", "--min-pilot-samples", "--no-auto-launch", "--recipe", "--json"),
    ),
}
QUICK = "watch: {pilot_seconds: 0.001, campaign_seconds: 0.001}\ncampaign: {command: [/bin/false]}\n"


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.out)
        return document


Campaign = Callable[..., Done]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("CONTEXT_ROOT", str(tmp_path / "context"))
    monkeypatch.setenv("COLUMNS", "200")
    return Home(tmp_path / "context")


@pytest.fixture
def campaign(
    home: Home, root_logger: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Campaign:
    """Run ``campaign`` with arguments, in this process."""

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["campaign", *arguments])
        capsys.readouterr()
        code: Any = 0
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code or 0
        shown = capsys.readouterr()
        return Done(int(code), shown.out, shown.err)

    return run


@pytest.fixture
def recipe(tmp_path: Path) -> str:
    """A recipe whose pilot is somebody else's."""
    path = tmp_path / "recipe.yaml"
    path.write_text(QUICK)
    return str(path)


def log_pilot(home: Home, score: float, count: int = 190) -> None:
    home.training.mkdir(parents=True, exist_ok=True)
    lines = [f"quality_score: {score}\nProgress: {done}/190\n" for done in range(1, count + 1)]
    home.pilot_log.write_text("".join(lines))
    hour_ago = time.time() - 3600
    os.utime(home.pilot_log, (hour_ago, hour_ago))


def make_run(home: Home, name: str, rejected: int) -> None:
    """Make the ledger of a campaign of ours with tickets that were all rejected."""
    header = RunHeader(name, "campaign", 500, "f" * 16, {}, {}, {}, "2026-01-01T00:00:00+00:00")
    with Ledger.open(home.run(name).ledger, header) as ledger:
        tickets = [Ticket(name, n, SourceItem("asm", Cell("f", 1), {"n": n})) for n in range(rejected)]
        ledger.add_round([Issued(t, t.id, t.item.id, t.seq, (Message("user", "?"),)) for t in tickets])
        for ticket in tickets:
            attempt = ledger.start_attempt(ticket.seq, header.created)
            ledger.settle(ticket, attempt, Verdict("rejected", 0.5, "low"), None, header.created)
        ledger.commit()


# Help.


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_that_names_its_flags(campaign: Campaign, home: Home, verb: str) -> None:
    done = campaign(verb, "--help")
    assert done.code == 0
    assert all(flag in done.out for flag in FLAGS[verb])
    assert not home.root.exists()


def test_the_help_names_every_verb_and_exit_code(campaign: Campaign) -> None:
    done = campaign("--help")
    assert done.code == 0
    assert all(f" {verb} " in done.out for verb in VERBS)
    assert "75 lost a race" in " ".join(done.out.split())
    assert set(VERBS) == {command.callback.__name__ for command in cli.app.registered_commands if command.callback}


def test_without_a_verb_the_help_is_shown(campaign: Campaign) -> None:
    done = campaign()
    assert (done.code, done.err) == (2, "")
    assert "Usage" in done.out


@pytest.mark.parametrize(
    ("arguments", "besides"),
    [(["--help"], {"pydantic"}), (["auto", "--help"], set()), (["status", "--help"], set())],
    ids=["campaign", "auto", "status"],
)
def test_help_imports_nothing_heavy(arguments: list[str], besides: set[str]) -> None:
    heavy = {"sqlite3", "rich.progress", "asyncio", "psutil", "agents.campaign.plan"} | besides  # a verb: typer's own
    program = (
        f"import sys; sys.argv = ['campaign', *{arguments}]\n"
        "from agents.cli import main\n"
        "try:\n    main()\nexcept SystemExit as ended:\n    assert not ended.code\n"
        f"print('HEAVY', sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "HEAVY []"


# Documents.


@pytest.mark.parametrize(
    ("score", "code", "verdict"), [(0.9, 0, "APPROVED"), (0.5, 3, "REJECTED")], ids=["good", "bad"]
)
def test_monitor_and_validate_print_their_documents(
    campaign: Campaign, home: Home, recipe: str, score: float, code: int, verdict: str
) -> None:
    log_pilot(home, score)

    watched = campaign("monitor", "--recipe", recipe, "--json")
    assert (watched.code, watched.document) == (0, json.loads(home.pilot_status.read_text()))

    judged = campaign("validate", "--recipe", recipe, "--json")
    assert (judged.code, judged.document) == (code, json.loads(home.validation.read_text()))
    assert judged.document["verdict"] == verdict


def test_launch_prints_its_refusal(campaign: Campaign, home: Home, recipe: str) -> None:
    done = campaign("launch", "--recipe", recipe, "--json")
    assert (done.code, done.document["reason"]) == (1, "No validation results")
    assert done.document == json.loads(home.launch_status.read_text())


def test_auto_prints_where_it_ended(campaign: Campaign, home: Home, recipe: str) -> None:
    log_pilot(home, 0.5)
    done = campaign("auto", "--recipe", recipe, "--json")
    assert (done.code, done.document["phase"]) == (3, "validation_failed")
    assert done.document == json.loads(home.orchestrator_state.read_text())
    assert "[CampaignValidator] INFO: REJECTED" in done.err
    assert "[CampaignValidator] INFO: REJECTED" in home.orchestrator_log.read_text()


def test_status_and_stop_of_an_empty_home_print_documents_and_make_nothing(campaign: Campaign, home: Home) -> None:
    assert campaign("status", "--json").document == {
        **dict.fromkeys(("orchestrator", "pilot", "validation", "launch", "campaign", "training")),
        "running": {},
        "spent": {},
        "exit_code": 0,
    }
    assert campaign("stop", "--json").document == {"stopped": {}}
    assert campaign("status").out.startswith("=" * 72 + "\nTRAINING WORKFLOW STATUS\n")
    assert campaign("stop").out == "Nothing was running.\n"
    assert campaign("logs", "--no-follow") == Done(0, "", "")
    assert not home.root.exists()


def test_status_exits_as_the_workflow_stands(campaign: Campaign, home: Home) -> None:
    home.training.mkdir(parents=True)
    codes = []
    for phase in ("campaign_complete", "awaiting_approval", "paused", "monitoring_pilot"):
        home.orchestrator_state.write_text(json.dumps({"phase": phase}))
        done = campaign("status", "--json")
        assert done.document["exit_code"] == done.code
        codes.append(done.code)
    home.orchestrator_state.write_text("{")
    assert [*codes, campaign("status").code] == [0, 5, 6, 6, 1]


def test_logs_shows_the_last_lines_of_all(campaign: Campaign, home: Home) -> None:
    log_pilot(home, 0.9, count=3)
    home.campaign_log.write_text("one\ntwo\n")
    done = campaign("logs", "--no-follow", "-n", "1")
    assert done.out.splitlines() == ["Progress: 3/190", "two"]


def test_samples_are_shown_or_printed_as_a_document(campaign: Campaign, home: Home) -> None:
    make_run(home, "mine", 3)
    said, asked = campaign("samples", "--run", "mine", "-n", "2"), campaign("samples", "--run", "mine", "--json")
    assert (said.code, said.out.count("rejected, quality 0.500")) == (0, 2)
    assert [sample["seq"] for sample in asked.document["samples"]] == [2, 1, 0]


def test_what_cannot_be_verified_exits_with_2(campaign: Campaign, home: Home) -> None:
    assert "campaign auto" in campaign("verify").err
    make_run(home, "mine", 3)
    assert campaign("verify", "nine").err.strip().endswith("name one: mine")
    other = campaign("verify", "mine", "--json")
    assert (other.code, other.document["exit_code"]) == (2, 2)
    assert "was made by version None of agents.training" in other.document["error"]


@pytest.mark.parametrize("lives", [True, False])
def test_a_training_runs_as_long_as_its_lease_is_held(campaign: Campaign, home: Home, lives: bool) -> None:
    output = home.training / "models" / "tried"
    output.mkdir(parents=True)
    told = {"dataset": "tried", "model": "m", "state": "training", "is_running": True, "pid": 7, "progress": 3}
    home.training_status.write_text(json.dumps(told | {"total": 9, "output": str(output)}))
    with Lease(output / "training.lease", "training") if lives else contextlib.nullcontext():
        shown, asked = campaign("status"), campaign("status", "--json").document
    assert "Training:" in shown.out
    assert asked["training"]["is_running"] is lives
    assert asked["training"]["state"] == ("training" if lives else "interrupted")
    assert asked["running"] == ({"training": 7} if lives else {})


def test_what_cannot_be_trained_on_exits_with_2(campaign: Campaign, home: Home) -> None:
    assert "export one" in campaign("train", "mine_7k").err
    folder = home.datasets / "mine_7k"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text('{"files": {"train.jsonl": {}}}')
    near, without = campaign("train", "mine_8k", "--epochs", "1"), campaign("train", "mine_7k")
    assert (near.code, near.err.strip().endswith("name one of: mine_7k")) == (2, True)
    assert (without.code, "has no training script" in without.err) == (2, True)


# Data of one's own.


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a note."""
    monkeypatch.chdir(tmp_path)
    for variable in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.md").write_text("# One\n\nThe lighthouse burned oil until the winter of 1911.\n")
    return tmp_path


def test_init_writes_a_recipe_once_and_says_what_comes_next(campaign: Campaign, home: Home, notes: Path) -> None:
    said, asked = campaign("init"), campaign("init", "code.yaml", "--kind", "code", "--json")
    refused = campaign("init", "--json")

    assert said.out.splitlines()[0] == "recipe.yaml is written, for Markdown notes."
    assert said.out.endswith("  campaign validate recipe.yaml\n  campaign preview --recipe recipe.yaml\n")
    assert asked.document == {
        "path": "code.yaml",
        "kind": "code",
        "next": ["campaign validate code.yaml", "campaign preview --recipe code.yaml"],
    }
    assert (refused.code, refused.document["error"]) == (
        2,
        "recipe.yaml is there already, and nothing is ever overwritten",
    )
    assert "notes/**/*.md" in (notes / "recipe.yaml").read_text()
    assert "src/**/*.c" in (notes / "code.yaml").read_text()
    assert not home.root.exists()


def test_validate_with_a_file_checks_the_recipe_and_makes_nothing(campaign: Campaign, home: Home, notes: Path) -> None:
    campaign("init")
    said, asked = campaign("validate", "recipe.yaml"), campaign("validate", "recipe.yaml", "--json")
    assert (said.code, asked.code) == (2, 2), "two samples are no pilot and no campaign"
    assert "domain notes: 2 samples of 1 text;" in said.out
    assert said.out.splitlines()[-1].startswith("not ok: ")
    assert asked.document["domains"][0]["capacity"] == 2
    assert asked.document["warnings"]
    assert not home.root.exists()


def test_validate_with_a_file_and_a_recipe_is_refused(campaign: Campaign, recipe: str) -> None:
    done = campaign("validate", recipe, "--recipe", recipe, "--json")
    assert (done.code, done.document["error"]) == (2, "a FILE and --recipe are two things to validate")


def test_validate_with_a_file_that_cannot_be_used_exits_with_2(campaign: Campaign, home: Home, notes: Path) -> None:
    campaign("init")
    (notes / "notes" / "a.md").unlink()
    done = campaign("validate", "recipe.yaml", "--json")
    assert (done.code, done.document["exit_code"]) == (2, 2)
    assert "matches no file" in done.document["error"]
    assert not home.root.exists()


def test_preview_shows_samples_of_the_built_in_teacher(campaign: Campaign, home: Home) -> None:
    said, asked = campaign("preview", "-n", "2"), campaign("preview", "-n", "2", "--json")
    assert (said.code, asked.code, said.err) == (0, 0, "")
    assert [said.out.count(head) for head in ("1 of 2: would", "2 of 2: would")] == [1, 1]
    assert "would be accepted; mean quality" in said.out.splitlines()[-1]
    assert [sample["domain"] for sample in asked.document["samples"]] == ["asm", "yaze"]
    assert not home.root.exists()


TOOL = """
{"type": "function", "function": {"name": "set_layer", "description": "Switch a layer on or off.", "parameters":
  {"type": "object", "required": ["layer"], "properties": {"layer": {"type": "string", "enum": ["bg1", "bg2"]}}}}}
"""


def test_preview_shows_samples_with_the_tools_of_another_catalogue(campaign: Campaign, notes: Path) -> None:
    (notes / "tools.json").write_text(f"[{TOOL}]")
    recipe = notes / "tools.yaml"
    recipe.write_text("domains: {yaze: {weight: 1.0, catalogue: tools.json}}\n")
    asked = campaign("preview", "-n", "3", "--recipe", str(recipe), "--json")
    assert asked.code == 0
    assert all("set_layer" in str(sample["prompt"]) for sample in asked.document["samples"])


@pytest.mark.parametrize(
    ("domains", "content", "words"),
    [
        ("yaze: {weight: 1.0, catalogue: tools.json}", None, "No such file"),
        ("yaze: {weight: 1.0, catalogue: tools.json}", "[", "tools.json' cannot be used"),
        ("yaze: {weight: 1.0, catalogue: tools.json}", "[]", "tools.json' cannot be used"),
        ("yaze: {weight: 1.0, catalogue: tools.json}", '[{"name": 7}]', "tools.json' cannot be used"),
        ("asm: {weight: 1.0, catalogue: tools.json}", f"[{TOOL}]", "'asm' takes no catalogue"),
        (
            "own: {weight: 1.0, catalogue: tools.json, sources: [{files: [a]}], prompt: {user: x}}",
            f"[{TOOL}]",
            "has sources and a catalogue",
        ),
    ],
)
def test_a_catalogue_that_cannot_be_used_exits_with_2(
    campaign: Campaign, notes: Path, domains: str, content: str | None, words: str
) -> None:
    if content is not None:
        (notes / "tools.json").write_text(content)
    recipe = notes / "tools.yaml"
    recipe.write_text(f"domains: {{{domains}}}\n")
    done = campaign("preview", "--recipe", str(recipe))
    assert done.code == 2
    assert words in done.err


def test_preview_tells_that_nobody_listens_and_exits_with_6(campaign: Campaign, home: Home, notes: Path) -> None:
    campaign("init")
    text = (notes / "recipe.yaml").read_text().replace("127.0.0.1:8000", "127.0.0.1:1")
    (notes / "recipe.yaml").write_text(text.replace("temperature: 0.7", "tries: 1"))
    done = campaign("preview", "--recipe", "recipe.yaml", "-n", "1", "--json")
    assert (done.code, done.document["exit_code"]) == (6, 6)
    assert "http://127.0.0.1:1/v1" in done.document["error"]
    assert not home.root.exists()


# Flags, variables and what they come to.


@pytest.fixture
def background(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Plan]]:
    """Note what is started in the background; nothing is."""
    started: list[tuple[str, Plan]] = []

    def note(mode: str, plan: Plan, _home: Home) -> Identity:
        started.append((mode, plan))
        return Identity.mine()

    monkeypatch.setattr(runner, "start_in_background", note)
    return started


def test_flags_win_over_variables_and_these_over_the_recipe(
    campaign: Campaign, background: list[tuple[str, Plan]], recipe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUALITY_THRESHOLD", "0.6")
    monkeypatch.setenv("CAMPAIGN_TARGET", "50")
    monkeypatch.setenv("AUTO_LAUNCH", "No")
    monkeypatch.setenv("CAMPAIGN_RECIPE", recipe)
    flags = ("--quality-threshold", "0.8", "--min-pilot-samples", "20")

    done = campaign("auto", "--background", *flags)

    ((mode, plan),) = background
    assert (mode, done.code) == ("auto", 0)
    assert (plan.recipe.gate.quality_threshold, plan.recipe.gate.min_samples) == (0.8, 20)
    assert (plan.recipe.campaign.target, plan.recipe.campaign.auto_launch) == (50, False)
    assert plan.recipe.watch.pilot_seconds == 0.001
    assert str(plan.recipe_path) == recipe


def test_the_plan_tells_every_value_and_where_it_came_from(
    campaign: Campaign, home: Home, recipe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUALITY_THRESHOLD", "0.6")
    arguments = ("plan", "--recipe", recipe, "--campaign-target", "50", "--no-auto-launch")

    asked, said = campaign(*arguments, "--json"), campaign(*arguments)

    assert (asked.code, said.code) == (0, 0)
    assert asked.document.keys() == {"values", "origins", "forecast", "no_forecast"}
    assert asked.document["forecast"] is None
    assert "somebody else's generator" in asked.document["no_forecast"]
    assert asked.document["no_forecast"] in said.out
    values, origins = asked.document["values"], asked.document["origins"]
    assert values == plan_for({}, None, {}).values() | {
        "gate.quality_threshold": 0.6,
        "campaign.target": 50,
        "campaign.auto_launch": False,
        "campaign.command": ["/bin/false"],
        "watch.pilot_seconds": 0.001,
        "watch.campaign_seconds": 0.001,
    }
    assert {key: origin for key, origin in origins.items() if origin != "default"} == {
        "gate.quality_threshold": "environment QUALITY_THRESHOLD",
        "campaign.target": "--campaign-target",
        "campaign.auto_launch": "--no-auto-launch",
        **dict.fromkeys(("campaign.command", "watch.pilot_seconds", "watch.campaign_seconds"), f"recipe {recipe}"),
    }
    assert origins.keys() == values.keys()
    rows = [line.split(maxsplit=2) for line in said.out.splitlines()]
    assert ["quality_threshold", "0.6", "environment QUALITY_THRESHOLD"] in rows
    assert ["seed", "65816", "default"] in rows
    assert not home.root.exists()


@pytest.mark.parametrize(("flag", "value"), [("--auto-launch", True), ("--no-auto-launch", False)])
def test_the_plan_names_the_flag_that_was_given(campaign: Campaign, flag: str, value: bool) -> None:
    document = campaign("plan", flag, "--json").document
    told = document["values"]["campaign.auto_launch"], document["origins"]["campaign.auto_launch"]
    assert told == (value, flag)


def test_in_the_background_the_banner_or_the_pid_is_printed(
    campaign: Campaign, home: Home, background: list[tuple[str, Plan]]
) -> None:
    shown = campaign("auto", "--background", "--campaign-target", "34500", "--no-auto-launch")
    told = campaign("monitor", "--background", "--json")
    assert "AUTONOMOUS WORKFLOW ACTIVE" in shown.out
    assert "34,500" in shown.out
    assert told.document == {"pid": os.getpid(), "log_path": str(home.orchestrator_log)}
    assert [(mode, plan.recipe.campaign.auto_launch) for mode, plan in background] == [
        ("auto", False),
        ("monitor", True),
    ]


@pytest.mark.parametrize(("flags", "code"), [([], 3), (["--quality-threshold", "0.4"], 0)])
def test_the_threshold_counts_for_validate(
    campaign: Campaign, home: Home, recipe: str, flags: list[str], code: int
) -> None:
    log_pilot(home, 0.5)
    assert campaign("validate", "--recipe", recipe, *flags).code == code


def test_launching_by_hand_is_a_persons_decision_unless_it_is_refused_by_a_flag(
    campaign: Campaign, home: Home, recipe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTO_LAUNCH", "false")
    log_pilot(home, 0.9)
    assert campaign("validate", "--recipe", recipe).code == 0

    refused = campaign("launch", "--recipe", recipe, "--no-auto-launch")
    tried = campaign("launch", "--recipe", recipe)

    assert (refused.code, "Auto-launch disabled" in refused.out) == (5, True)
    assert (tried.code, "ended at once with exit code 1" in tried.out) == (1, True)


# Errors.


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["auto", "--quality-threshold", "80"], "--quality-threshold 0.8"),
        (["auto", "--quality-threshold", "0"], "gate.quality_threshold"),
        (["validate", "--quality-threshold", "nan"], "gate.quality_threshold"),
        (["auto", "--campaign-target", "0"], "--campaign-target"),
        (["launch", "--campaign-target", "-5"], "campaign.target"),
        (["monitor", "--min-pilot-samples", "200"], "pilot.tickets"),
        (["plan", "--min-pilot-samples", "200"], "pilot.tickets"),
        (["plan", "--quality-threshold", "80"], "--quality-threshold 0.8"),
        (["auto", "--recipe", "/no/such/recipe.yaml"], "/no/such/recipe.yaml"),
        (["validate", "/no/such/recipe.yaml"], "cure: check its path; campaign init FILE writes one"),
        (["preview", "--candidate", "x"], "cure: leave --candidate out"),
        (["init", ""], "cure: name a file in it: campaign init recipe.yaml"),
        (["approve"], "no workflow waits"),
    ],
    ids=" ".join,
)
def test_an_error_names_the_cure_and_exits_with_2(
    campaign: Campaign, home: Home, arguments: list[str], words: str
) -> None:
    said = campaign(*arguments)
    asked = campaign(*arguments, "--json")

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: ")
    assert "\n  cure: " in said.err
    assert words in said.err
    assert asked.code == 2
    assert asked.document.keys() == {"error", "cure", "exit_code"}
    assert asked.document["exit_code"] == 2
    assert said.err == f"error: {asked.document['error']}\n  cure: {asked.document['cure']}\n"
    assert not home.root.exists()


@pytest.mark.parametrize("place", ["", "/below", "/training"])
@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in {"init", "logs"}])
def test_a_home_that_is_a_file_is_refused_by_every_verb(
    campaign: Campaign, home: Home, monkeypatch: pytest.MonkeyPatch, verb: str, place: str
) -> None:
    file = home.training if place == "/training" else home.root
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    if place == "/below":
        monkeypatch.setenv("CONTEXT_ROOT", f"{home.root}/below")
    done = campaign(verb, "--json")
    assert (done.code, done.document["exit_code"]) == (2, 2)
    assert done.document["error"].endswith(f"cannot be the home: {file} is no folder")
    assert "CONTEXT_ROOT" in done.document["cure"]


@pytest.mark.parametrize("variable", ["AUTO_LAUNCH", "QUALITY_THRESHOLD", "CAMPAIGN_TARGET"])
def test_a_variable_that_says_nothing_possible_is_named(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "maybe")
    done = campaign("auto")
    assert done.code == 2
    assert variable in done.err


@pytest.mark.parametrize(
    ("arguments", "words", "verb"),
    [
        (["dance"], "No such command 'dance'", ""),
        (["auto", "--dance"], "No such option: --dance", " auto"),
        (["auto", "--quality-threshold", "high"], "'--quality-threshold'", " auto"),
        (["auto", "--campaign-target", "1.5"], "'--campaign-target'", " auto"),
        (["auto", "--campaign-target"], "'--campaign-target' requires an argument", ""),
        (["preview", "-n", "0"], "'--count'", " preview"),
        (["preview", "-n", "51"], "'--count'", " preview"),
        (["init", "--kind", "poems"], "'--kind'", " init"),
        (["logs", "--lines", "-1"], "'--lines'", " logs"),
        (["status", "now"], "unexpected extra argument(s) (now)", " status"),
    ],
    ids=str,
)
def test_what_it_does_not_know_exits_with_2_and_names_the_help(
    campaign: Campaign, home: Home, arguments: list[str], words: str, verb: str
) -> None:
    said = campaign(*arguments)
    asked = campaign(arguments[0], "--json", *arguments[1:])
    assert (said.code, said.out, asked.code) == (2, "", 2)
    assert words in said.err
    assert said.err.startswith("error: ")
    assert said.err.endswith(f"{verb} --help\n")
    assert asked.document.keys() == {"error", "cure", "exit_code"}
    assert asked.document["exit_code"] == 2
    assert asked.err == f"error: {asked.document['error']}\n  cure: {asked.document['cure']}\n"
    assert not home.root.exists()


@pytest.mark.parametrize("verb", ["auto", "monitor", "validate", "launch"])
def test_while_an_orchestrator_works_every_verb_names_it_and_exits_with_4(
    campaign: Campaign, home: Home, verb: str
) -> None:
    home.training.mkdir(parents=True)
    with Lease(home.orchestrator_lease, "Orchestrator"):
        said, asked = campaign(verb), campaign(verb, "--json")
    assert (said.code, asked.code) == (4, 4)
    assert f"pid {os.getpid()}" in said.err
    assert asked.document["exit_code"] == 4


def test_the_package_is_the_same_command_line(home: Home) -> None:
    done = subprocess.run([sys.executable, "-m", "agents", "stop"], check=True, capture_output=True, text=True)
    assert done.stdout == "Nothing was running.\n"
