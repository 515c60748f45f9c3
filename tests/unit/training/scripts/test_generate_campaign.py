from __future__ import annotations

import asyncio
import logging
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from tiny_run import audit, outcome

from agents.campaign.errors import ExitCode, PausedError
from agents.campaign.lease import Lease
from agents.campaign.ledger_view import Accounts, LedgerView
from agents.campaign.log_lines import parse
from agents.campaign.progress import Progress, fold
from agents.training import domains, exporter, preflight
from agents.training.ledger import Ledger
from agents.training.scripts.generate_campaign import _until_stopped, main, parser
from agents.training.stop_requests import StopRequests

TESTS = Path(__file__).parent.parent
RECIPE = "domains: {tiny: {weight: 1.0}}\nteacher: {fault_rate: 0.2}\n"

pytestmark = pytest.mark.usefixtures("root_logger", "signal_handlers")


@dataclass(frozen=True)
class Place:
    """A context root, a recipe, and a launcher that knows the tiny domain."""

    root: Path
    recipe: Path
    launcher: Path

    @property
    def training(self) -> Path:
        return self.root / "training"

    def ledger(self, run: str) -> Path:
        return self.training / "runs" / run / "ledger.sqlite"

    def arguments(self, *arguments: str) -> list[str]:
        return ["--recipe", str(self.recipe), "--no-parallel", *arguments]

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(self.launcher), *self.arguments(*arguments)]
        return subprocess.Popen(command, env={**os.environ, "CONTEXT_ROOT": str(self.root)}, **options)


@pytest.fixture
def root_logger() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def signal_handlers() -> Iterator[None]:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    package = tmp_path / "toys" / "tiny"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from tiny_domain import DOMAIN\n")
    launcher = tmp_path / "launcher.py"
    launcher.write_text(
        f"import sys\nsys.path.insert(0, {str(TESTS)!r})\n"
        f"import agents.training.domains\nagents.training.domains.__path__.append({str(package.parent)!r})\n"
        "from agents.training.scripts.generate_campaign import main\nsys.exit(main())\n"
    )
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE)
    monkeypatch.setattr(domains, "__path__", [*domains.__path__, str(package.parent)])
    monkeypatch.setitem(sys.modules, "agents.training.domains.tiny", None)
    monkeypatch.delitem(sys.modules, "agents.training.domains.tiny")
    monkeypatch.setenv("CONTEXT_ROOT", str(tmp_path / "context"))
    for variable in ("QUALITY_THRESHOLD", "CAMPAIGN_TARGET", "AUTO_LAUNCH", "CAMPAIGN_RECIPE"):
        monkeypatch.delenv(variable, raising=False)
    return Place(tmp_path / "context", recipe, launcher)


def document_of(capfd: pytest.CaptureFixture[str]) -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads(capfd.readouterr().out)
    return document


def waited_for(path: Path, settled: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        accounts = LedgerView(path).accounts()
        if accounts is not None and accounts.settled >= settled:
            return
        time.sleep(0.002)
    pytest.fail(f"{path} never had {settled} settled tickets")


def test_the_seed_s_command_line_is_accepted() -> None:
    line = "--target 34500 --output-name full_campaign_34500 --parallel --use-active-learning --resume"
    options = parser().parse_args(line.split())
    assert (options.target, options.output_name, options.parallel) == ("34500", "full_campaign_34500", True)


def test_variables_of_models_are_not_read_where_no_model_is_asked(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_bytes(b"\xff")
    monkeypatch.chdir(tmp_path)
    assert main(place.arguments("--pilot")) == ExitCode.DONE


def test_a_dry_run_names_the_run_and_starts_nothing(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(place.arguments("--pilot", "--dry-run")) == ExitCode.DONE
    pilot = document_of(capfd)
    name = f"pilot_190_{pilot['fingerprint'][:8]}"
    assert pilot == {
        "run": name,
        "kind": "pilot",
        "total": 190,
        "fingerprint": pilot["fingerprint"],
        "ledger": str(place.ledger(name)),
        "capacity": {"tiny": 6_000_000},
        "left_out": {},
        "unready": [],
    }
    assert main(place.arguments("--target", "77", "--dry-run")) == ExitCode.DONE
    campaign = document_of(capfd)
    assert (campaign["run"], campaign["kind"], campaign["total"]) == ("full_campaign_77", "campaign", 77)
    assert campaign["fingerprint"] == pilot["fingerprint"], "a verdict on the pilot holds for the campaign"
    assert not place.root.exists()


@pytest.mark.parametrize(
    ("arguments", "code", "what"),
    [
        (["--target", "0"], ExitCode.USAGE, "campaign.target"),
        (["--quality-threshold", "75"], ExitCode.USAGE, "gate.quality_threshold"),
        (["--workers", "none"], ExitCode.USAGE, "speed.workers"),
        (["--output-name", "../away"], ExitCode.USAGE, "../away"),
        (["--pilot", "--output-name", "a b"], ExitCode.USAGE, "a b"),
        (["--recipe", "/nowhere.yaml"], ExitCode.USAGE, "/nowhere.yaml"),
    ],
)
def test_a_dry_run_tells_what_is_wrong(
    place: Place, capfd: pytest.CaptureFixture[str], arguments: list[str], code: ExitCode, what: str
) -> None:
    assert main(place.arguments("--dry-run", *arguments)) == code
    document = document_of(capfd)
    assert what in document["error"]
    assert document["cure"]
    assert document["exit_code"] == code


@pytest.mark.parametrize("arguments", [["--unknown"], ["--target"], ["--pilot=yes"], ["--js"], ["other"]])
def test_a_command_line_that_cannot_be_read_is_a_usage_error(
    place: Place, capfd: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert main(arguments) == ExitCode.USAGE
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.startswith("usage: generate_campaign ")
    assert arguments[0].partition("=")[0] in said.err
    for flag in ("--json", "--dry-run"):
        assert main([flag, *arguments]) == ExitCode.USAGE
        document = document_of(capfd)
        assert document["exit_code"] == ExitCode.USAGE
        assert f"generate_campaign: {document['error']}\n  cure: {document['cure']}\n" in said.err


def test_an_unknown_domain_is_named(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    place.recipe.write_text("domains: {tinny: {weight: 1.0}}\n")
    assert main(place.arguments("--dry-run")) == ExitCode.USAGE
    assert "no domain 'tinny'" in document_of(capfd)["error"]


def test_a_full_disk_is_found_before_the_start(
    place: Place, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "BYTES_PER_SAMPLE", 1 << 60)
    assert main(place.arguments()) == ExitCode.FAILED
    assert "free space" in capfd.readouterr().err
    assert not place.root.exists()


def test_a_pilot_runs_to_its_end_and_tells_of_every_sample(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(place.arguments("--pilot", "--output-name", "p1", "--json", "--quality-threshold", "0.6")) == 0
    captured = capfd.readouterr()
    summary = orjson.loads(captured.out)
    assert (summary["run"], summary["done"], summary["issued"], summary["total"]) == ("p1", 190, 190, 190)
    assert summary["accepted"] + summary["rejected"] + summary["dead"] == 190
    assert summary["quality_threshold"] == 0.6
    audit(place.ledger("p1"))
    told = Progress("log")
    for line in (place.training / "pilot_campaign.log").read_text().splitlines():
        assert " [generate_campaign] INFO: " in line
        told = fold(told, parse(line))
    truth = LedgerView(place.ledger("p1")).progress()
    assert truth is not None
    assert (told.done, told.total, told.scored, told.accepted) == (190, 190, 190, truth.accepted)
    assert told.started == truth.started
    assert told.score_sum == pytest.approx(truth.score_sum, abs=0.02)
    assert told.problems == ()
    assert "Sample accepted: domain=tiny quality_score=" in captured.err, "a pipe gets the lines too"
    assert not (place.training / "full_campaign.log").exists()


def test_a_campaign_is_exported_when_it_is_done(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(place.arguments("--target", "50", "--export", "--json")) == 0
    summary = document_of(capfd)
    dataset = place.training / "datasets" / "full_campaign_50"
    assert summary["dataset"] == str(dataset)
    assert len((dataset / "samples.jsonl").read_bytes().splitlines()) == 50
    assert "Progress: 50/50 (100.0%)" in (place.training / "full_campaign.log").read_text()


def test_running_again_does_nothing_more(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(place.arguments("--target", "50")) == 0
    before = outcome(place.ledger("full_campaign_50"))
    capfd.readouterr()
    assert main(place.arguments("--target", "50", "--resume", "--export")) == 0
    assert "complete already" in capfd.readouterr().err
    assert outcome(place.ledger("full_campaign_50")) == before
    assert (place.training / "datasets" / "full_campaign_50" / "manifest.json").exists()


def test_active_learning_changes_what_is_chosen(place: Place) -> None:
    for name, flag in (("on", "--use-active-learning"), ("off", "--no-active-learning")):
        assert main(place.arguments("--target", "60", "--output-name", name, flag)) == 0
    items = [{row[8] for row in outcome(place.ledger(name))["tickets"]} for name in ("on", "off")]
    assert items[0] != items[1]


def test_parallel_gives_the_same_samples(place: Place) -> None:
    assert main(place.arguments("--target", "120", "--output-name", "same")) == 0
    inline = outcome(place.ledger("same"))
    place.ledger("same").unlink()
    assert main([*place.arguments("--target", "120", "--output-name", "same"), "--parallel", "--workers", "2"]) == 0
    assert outcome(place.ledger("same")) == inline


def test_another_plan_under_the_same_name_is_refused(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(place.arguments("--target", "30", "--output-name", "mine")) == 0
    before = outcome(place.ledger("mine"))
    capfd.readouterr()
    place.recipe.write_text(RECIPE + "seed: 1\n")
    for more in (["--dry-run"], []):
        assert main(place.arguments("--target", "30", "--output-name", "mine", *more)) == ExitCode.USAGE
        assert "seed was 65816, now 1" in "".join(capfd.readouterr())
    assert outcome(place.ledger("mine")) == before


def test_only_one_process_works_on_a_run(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    with Lease(place.ledger("held").with_name("generator.lease"), "campaign held"):
        assert main(place.arguments("--target", "30", "--output-name", "held")) == ExitCode.ALREADY_RUNNING
    assert f"pid {os.getpid()}" in capfd.readouterr().err
    assert not place.ledger("held").exists()


def test_a_used_up_budget_pauses_and_a_bigger_one_resumes(place: Place) -> None:
    place.recipe.write_text(RECIPE + "campaign: {tickets_per_sample: 1.0}\n")
    assert main(place.arguments("--target", "60")) == ExitCode.PAUSED
    assert "tickets_per_sample" in (place.training / "full_campaign.log").read_text()
    place.recipe.write_text(RECIPE)
    assert main(place.arguments("--target", "60")) == 0


def test_a_log_that_is_standard_error_gets_every_line_once(place: Place) -> None:
    place.training.mkdir(parents=True)
    log = place.training / "pilot_campaign.log"
    log.write_text("an older line\n")
    with log.open("ab") as file:
        assert place.start("--pilot", stderr=file).wait(60) == 0
    text = log.read_text()
    assert text.startswith("an older line\n")
    assert text.count("Run started:") == 1
    assert text.count("Sample ") == 190


def test_a_terminal_gets_a_bar_and_the_log_gets_the_lines(place: Place) -> None:
    master, slave = pty.openpty()
    process = place.start("--target", "600", stderr=slave)
    os.close(slave)
    shown = b""
    try:
        while chunk := os.read(master, 65536):
            shown += chunk
    except OSError:
        os.close(master)
    assert process.wait(60) == 0
    assert b"600/600" in shown
    assert b"quality" in shown
    assert b"Sample accepted" not in shown
    assert (place.training / "full_campaign.log").read_text().count("Sample accepted") == 600


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_drains_and_the_second_stops_at_once(number: signal.Signals) -> None:
    class Stubborn:
        drained = 0

        def drain(self) -> None:
            self.drained += 1
            os.kill(os.getpid(), number)

        async def run(self) -> Progress:
            os.kill(os.getpid(), number)
            await asyncio.sleep(60)
            return Progress("ledger")

    engine = Stubborn()
    with (
        pytest.raises(PausedError, match="second signal"),
        StopRequests() as requests,
        asyncio.Runner(loop_factory=requests.new_loop) as runner,
    ):
        runner.run(_until_stopped(engine))  # type: ignore[arg-type]
    assert engine.drained == 1


def interrupting(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, *numbers: signal.Signals) -> None:
    """Have the process get signals ``numbers`` as it calls ``owner.name`` for the first time."""
    inner, left = getattr(owner, name), list(numbers)

    def interrupted(*args: Any, **values: Any) -> Any:
        while left:
            os.kill(os.getpid(), left.pop(0))
        return inner(*args, **values)

    monkeypatch.setattr(owner, name, interrupted)


@pytest.mark.parametrize("step", [(preflight, "check_storage"), (Lease, "__enter__"), (Ledger, "open")])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_that_is_asked_for_while_it_starts_pauses_before_anything_is_issued(
    place: Place, monkeypatch: pytest.MonkeyPatch, step: tuple[Any, str], number: signal.Signals
) -> None:
    interrupting(monkeypatch, *step, number)
    assert main(place.arguments("--target", "50", "--export")) == ExitCode.PAUSED
    assert LedgerView(place.ledger("full_campaign_50")).accounts() == Accounts()
    assert not (place.training / "datasets").exists()
    assert main(place.arguments("--target", "50", "--export")) == 0


def test_a_stop_that_is_asked_for_while_it_starts_again_begins_no_open_ticket(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        interrupting(patched, Ledger, "start_attempt", signal.SIGTERM)
        assert main(place.arguments("--target", "50")) == ExitCode.PAUSED
    before = outcome(place.ledger("full_campaign_50"))
    assert before["tickets"]
    interrupting(monkeypatch, Ledger, "open", signal.SIGTERM)
    assert main(place.arguments("--target", "50")) == ExitCode.PAUSED
    assert outcome(place.ledger("full_campaign_50")) == before


def test_a_stop_that_is_asked_for_while_it_exports_lets_the_export_finish(
    place: Place, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    interrupting(monkeypatch, exporter, "write_json", signal.SIGTERM)
    assert main(place.arguments("--target", "50", "--export", "--json")) == 0
    assert (Path(document_of(capfd)["dataset"]) / "manifest.json").exists()


@pytest.mark.parametrize(
    "step", [(preflight, "check_storage"), (Lease, "__enter__"), (Ledger, "open"), (exporter, "write_json")]
)
def test_a_second_request_stops_at_once_wherever_it_is(
    place: Place, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], step: tuple[Any, str]
) -> None:
    interrupting(monkeypatch, *step, signal.SIGTERM, signal.SIGINT)
    assert main(place.arguments("--target", "50", "--export", "--json")) == ExitCode.PAUSED
    document = document_of(capfd)
    assert (document["exit_code"], "second signal" in document["error"]) == (ExitCode.PAUSED, True)
    assert list(place.training.glob("datasets/*")) == []
    assert main(place.arguments("--target", "50", "--export")) == 0


def test_requests_are_counted_while_modules_load(place: Place) -> None:
    program = place.launcher.read_text().replace(
        "sys.exit(main())",
        "class Interrupting:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'agents.training.preflight':\n"
        "            os.kill(os.getpid(), signal.SIGTERM)\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "sys.exit(main())",
    )
    place.launcher.write_text(f"import os, signal\n{program}")
    process = place.start("--target", "50", stderr=subprocess.PIPE)
    _, complaint = process.communicate(timeout=30)
    assert (process.returncode, b"stopped on request" in complaint) == (ExitCode.PAUSED, True)


def test_what_cannot_be_stopped_any_more_ends_as_it_was_going_to(place: Place) -> None:
    program = place.launcher.read_text().replace(
        "sys.exit(main())", "code = main()\nos.kill(os.getpid(), signal.SIGTERM)\nsys.exit(code)"
    )
    place.launcher.write_text(f"import os, signal\n{program}")
    assert place.start("--target", "10", stderr=subprocess.DEVNULL).wait(30) == 0


def test_sigterm_drains_and_the_same_command_goes_on(place: Place) -> None:
    command = ["--target", "1200", "--output-name", "run"]
    process = place.start(*command, stderr=subprocess.PIPE)
    waited_for(place.ledger("run"), 200)
    process.send_signal(signal.SIGTERM)
    _, complaint = process.communicate(timeout=30)
    assert process.returncode == ExitCode.PAUSED
    assert b"stopped on request: run 'run' has" in complaint
    audit(place.ledger("run"))
    assert place.start(*command, stderr=subprocess.DEVNULL).wait(60) == 0
    audit(place.ledger("run"))
    drained = outcome(place.ledger("run"))
    place.ledger("run").unlink()
    assert place.start(*command, stderr=subprocess.DEVNULL).wait(60) == 0
    assert outcome(place.ledger("run")) == drained


def test_sigkill_loses_nothing_that_was_announced(place: Place) -> None:
    command = ["--target", "1000", "--output-name", "run"]
    for settled in (30, 300, 600):
        process = place.start(*command, "--parallel", "--workers", "1", stderr=subprocess.DEVNULL)
        waited_for(place.ledger("run"), settled)
        process.kill()
        process.wait(30)
        audit(place.ledger("run"))
        log = (place.training / "full_campaign.log").read_text().splitlines()
        accounts = LedgerView(place.ledger("run")).accounts()
        assert accounts is not None
        assert sum("Sample accepted" in line for line in log) <= accounts.accepted
    assert place.start(*command, stderr=subprocess.DEVNULL).wait(60) == 0
    audit(place.ledger("run"))
    killed = outcome(place.ledger("run"))
    place.ledger("run").unlink()
    assert place.start(*command, stderr=subprocess.DEVNULL).wait(60) == 0
    assert outcome(place.ledger("run")) == killed
