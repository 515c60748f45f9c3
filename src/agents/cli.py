"""The command line: ``campaign``, and ``python scripts/launch_training.py``, which is the same.

Owns verbs, flags and what is printed. Heavy modules are imported by the verb that needs them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.exceptions import TyperException

from agents.campaign.errors import CampaignError, ExitCode, UsageError
from agents.campaign.home import Home
from agents.training.starter import StarterKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agents.campaign.plan import Plan
    from agents.training.evaluation.examining import EvaluationWish
    from agents.training.preview import Preview

app = typer.Typer(
    name="campaign",
    help="Unattended campaigns that turn a teacher into a training set.",
    epilog="Exit codes: 0 done, 1 failed, 2 usage, 3 rejected, 4 already running, 5 waiting for approval, "
    "6 paused and resumable, 75 lost a race, try again.",
    add_completion=False,
    pretty_exceptions_enable=False,
)

QualityThreshold = Annotated[
    float | None, typer.Option("--quality-threshold", metavar="SHARE", help="Mean quality the pilot must reach.")
]
CampaignTarget = Annotated[
    int | None, typer.Option("--campaign-target", metavar="SAMPLES", help="Accepted samples the campaign owes.")
]
MinPilotSamples = Annotated[
    int | None, typer.Option("--min-pilot-samples", metavar="SAMPLES", help="Samples the pilot must have.")
]
AutoLaunch = Annotated[
    bool | None, typer.Option("--auto-launch/--no-auto-launch", help="Launch without asking a person.")
]
RecipeFile = Annotated[Path | None, typer.Option("--recipe", "-r", metavar="FILE", help="Recipe (YAML).")]
Background = Annotated[bool, typer.Option("--background", help="Run detached; the terminal may be closed.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]

STEPS = (
    "Watch the pilot (its own one where nobody else's is running)",
    "Validate the pilot's quality when it is complete",
    "Launch the full campaign if the quality passes: {target} samples",
    "Watch the campaign until it is verified complete",
)


@app.command()
def init(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to; nothing is overwritten.")] = Path(
        "recipe.yaml"
    ),
    kind: Annotated[StarterKind, typer.Option("--kind", help="What your data is.")] = StarterKind.NOTES,
    as_json: AsJson = False,
) -> None:
    """Write a recipe for data of your own, with comments, to be edited."""
    from agents.training.starter import edits, next_commands, write_starter

    write_starter(kind, file)
    if as_json:
        _print_json({"path": str(file), "kind": kind, "next": next_commands(file)})
        return
    edited = (f"  {number}. {edit}" for number, edit in enumerate(edits(kind), 1))
    steps = (f"  {command}" for command in next_commands(file))
    lines = [f"{file} is written, for {kind.what}.", "Edit three things in it:", *edited, "Then try it:", *steps]
    typer.echo("\n".join(lines))


@app.command()
def auto(
    quality_threshold: QualityThreshold = None,
    campaign_target: CampaignTarget = None,
    min_pilot_samples: MinPilotSamples = None,
    auto_launch: AutoLaunch = None,
    recipe: RecipeFile = None,
    background: Background = False,
    as_json: AsJson = False,
) -> None:
    """Watch the pilot, validate it, launch the campaign, watch it to its end."""
    plan = _plan(quality_threshold, campaign_target, min_pilot_samples, auto_launch, recipe)
    if background:
        _start_in_background("auto", plan, as_json=as_json)
    _run("auto", plan, as_json=as_json)


@app.command()
def monitor(
    quality_threshold: QualityThreshold = None,
    min_pilot_samples: MinPilotSamples = None,
    recipe: RecipeFile = None,
    background: Background = False,
    as_json: AsJson = False,
) -> None:
    """Watch the pilot until it is complete."""
    plan = _plan(quality_threshold, None, min_pilot_samples, None, recipe)
    if background:
        _start_in_background("monitor", plan, as_json=as_json)
    _run("monitor", plan, as_json=as_json)


@app.command()
def validate(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="A recipe to be checked instead: nothing is asked or written."),
    ] = None,
    quality_threshold: QualityThreshold = None,
    min_pilot_samples: MinPilotSamples = None,
    recipe: RecipeFile = None,
    as_json: AsJson = False,
) -> None:
    """Put the pilot before the gate; with a FILE, check that recipe, its texts and its models."""
    if file is not None and recipe is not None:
        raise UsageError("a FILE and --recipe are two things to validate", "give a FILE to check it before any pilot")
    plan = _plan(quality_threshold, None, min_pilot_samples, None, file or recipe)
    _run("validate", plan, as_json=as_json) if file is None else _inspect(plan, as_json=as_json)


@app.command()
def preview(
    count: Annotated[int, typer.Option("--count", "-n", metavar="N", min=1, max=50, help="How many samples.")] = 5,
    recipe: RecipeFile = None,
    candidate: Annotated[
        str | None, typer.Option("--candidate", metavar="NAME", help="One of the recipe's candidates.")
    ] = None,
    seed_offset: Annotated[
        int, typer.Option("--seed-offset", metavar="N", min=0, help="Another number draws other samples.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Make a few samples as the pilot would, and show them whole: prompt, answer, checks, cost.

    The models of the recipe are really asked, and their prices really paid; nothing is written.
    """
    from agents.training.preview_page import preview_text

    made = _previewed(_plan(None, None, None, None, recipe), candidate, count, seed_offset)
    _print_json(made.document()) if as_json else typer.echo(preview_text(made))


@app.command()
def launch(
    quality_threshold: QualityThreshold = None,
    campaign_target: CampaignTarget = None,
    min_pilot_samples: MinPilotSamples = None,
    auto_launch: AutoLaunch = True,
    recipe: RecipeFile = None,
    as_json: AsJson = False,
) -> None:
    """Launch the campaign that the last verdict approves, without watching it."""
    _run("launch", _plan(quality_threshold, campaign_target, min_pilot_samples, auto_launch, recipe), as_json=as_json)


@app.command()
def report(recipe: RecipeFile = None, as_json: AsJson = False) -> None:
    """Tell why the pilot got its verdict and what to change first; exits as the verdict would."""
    from agents.autonomous.reporting import build_report, plan_of
    from agents.campaign.gate import Verdict
    from agents.campaign.report import report_text

    home = _home()
    document = build_report(home, *plan_of(home, recipe))
    _print_json(document) if as_json else typer.echo(report_text(document), nl=False)
    raise typer.Exit(Verdict(document["verdict"]).exit_code)


@app.command()
def calibrate(recipe: RecipeFile = None, as_json: AsJson = False) -> None:
    """Show what every quality threshold would decide on the pilot's stored scores; asks the teacher nothing."""
    from agents.autonomous.reporting import build_calibration, plan_of
    from agents.campaign.report import calibration_text

    home = _home()
    rows = build_calibration(home, plan_of(home, recipe)[0])
    _print_json({"thresholds": rows}) if as_json else typer.echo(calibration_text(rows))


@app.command()
def approve(
    approver: Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who approves; you by default.")] = None,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept with the approval.")] = "",
    override: Annotated[
        bool, typer.Option("--override", help="Launch in spite of REJECTED or INCONCLUSIVE; needs a --reason.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Approve the verdict that waits for a person, and go on in the background."""
    import getpass

    from agents.autonomous.approval import approve_waiting

    home = _home()
    plan = approve_waiting(home, approver or getpass.getuser(), reason, override=override)
    _start_in_background("auto", plan, as_json=as_json)


@app.command()
def resume(
    resumer: Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who resumes; you by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Go on with a campaign that a guard paused, in the background: the cause is mended."""
    import getpass

    from agents.autonomous.resumption import resume_paused

    home = _home()
    _start_in_background("auto", resume_paused(home, resumer or getpass.getuser()), as_json=as_json)


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show where the workflow stands, from its files; exits as the workflow stands."""
    from agents.dashboard.snapshot import take

    snapshot = take(_home())
    _print_json(snapshot.document()) if as_json else typer.echo(snapshot.text())
    raise typer.Exit(snapshot.exit_code)


@app.command()
def samples(
    count: Annotated[int, typer.Option("--count", "-n", metavar="N", min=1, help="How many samples.")] = 5,
    accepted: Annotated[bool, typer.Option("--accepted", help="Accepted ones, not those that were rejected.")] = False,
    run: Annotated[
        str | None, typer.Option("--run", metavar="NAME", help="Whose; by default the newest campaign's, or pilot's.")
    ] = None,
    item: Annotated[
        str | None, typer.Option("--item", metavar="ID", help="Samples of this item; the beginning of its id will do.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the newest settled samples, whole, with their checks: by default those that were not accepted."""
    from agents.dashboard.samples import newest_samples

    found = newest_samples(_home(), run, count, accepted=accepted, item=item)
    _print_json(found.document()) if as_json else typer.echo(found.text())


@app.command()
def verify(
    run: Annotated[
        str | None, typer.Argument(metavar="RUN", help="Which; by default the newest campaign, or its pilot.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge every settled sample of a run again, from its ledger alone; exits 1 where one comes out otherwise."""
    from agents.training.verification import verification_text

    document = _verified(run, is_shown=not as_json and sys.stderr.isatty())
    _print_json(document) if as_json else typer.echo(verification_text(document))
    raise typer.Exit(ExitCode.DONE if document["is_verified"] else ExitCode.FAILED)


@app.command()
def transfer(
    datasets: Annotated[
        list[str] | None, typer.Argument(metavar="DATASET", help="Which; by default all that are finished.")
    ] = None,
    host: Annotated[
        str | None,
        typer.Option("--host", metavar="NAME", help="The machine, as ssh knows it; USER@ may stand before it."),
    ] = None,
    path: Annotated[str | None, typer.Option("--path", metavar="FOLDER", help="The folder there.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent, and send nothing.")] = False,
    recipe: RecipeFile = None,
    as_json: AsJson = False,
) -> None:
    """Send finished datasets to another machine, prove them there, and go on where an earlier try stopped."""
    from agents.campaign.plan import plan_for
    from agents.training.transfer.sending import transfer_text

    flags = {"--host": ("transfer.host", host), "--path": ("transfer.path", path)}
    document = _transferred(plan_for(flags, recipe), datasets or (), dry_run=dry_run)
    _print_json(document) if as_json else typer.echo(transfer_text(document))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def train(
    context: typer.Context,
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="A dataset that was exported.")],
) -> None:
    """Train a model on a dataset, on this machine: runs its training script with the flags behind its name."""
    import shlex

    from agents.training.trainer import script_in

    if dataset in {"--help", "-h"}:
        typer.echo(context.get_help())
        return
    command = [sys.executable, str(script_in(_home().datasets, dataset)), *context.args]
    typer.echo(f"running {shlex.join(command)}", err=True)
    sys.stderr.flush()
    os.execv(sys.executable, command)  # noqa: S606 -- an argument list; the script is one that an export wrote


@app.command()
def evaluate(
    dataset: Annotated[
        str | None, typer.Argument(metavar="DATASET", help="Whose test split; by default the only one there is.")
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option("--model", metavar="FOLDER", help="A trained model; by default the newest of the dataset."),
    ] = None,
    alias: Annotated[str | None, typer.Option("--alias", metavar="NAME", help="A model of the recipe instead.")] = None,
    before: Annotated[
        str | None,
        typer.Option("--before", metavar="MODEL", help="Compare with: base, which was trained on; a folder; an alias."),
    ] = None,
    count: Annotated[int | None, typer.Option("--count", "-n", metavar="N", min=1, help="Ask only so many.")] = None,
    domain: Annotated[str | None, typer.Option("--domain", metavar="NAME", help="Ask only tickets of it.")] = None,
    answers: Annotated[int, typer.Option("--samples", "-k", metavar="K", min=1, help="Answers to each ticket.")] = 1,
    max_tokens: Annotated[
        int | None, typer.Option("--max-tokens", metavar="N", min=1, help="The most of one answer.")
    ] = None,
    max_cost: Annotated[
        float | None, typer.Option("--max-cost", metavar="AMOUNT", help="The most that models of the recipe may cost.")
    ] = None,
    recipe: RecipeFile = None,
    as_json: AsJson = False,
) -> None:
    """Ask a trained model the tickets that it was not trained on, and prove its answers."""
    from agents.training.evaluation.examining import EvaluationWish
    from agents.training.evaluation.page import evaluation_text

    wish = EvaluationWish(
        dataset, model, alias, before, count, domain, recipe, answers, max_tokens=max_tokens, max_cost=max_cost
    )
    document = _evaluated(wish)
    _print_json(document) if as_json else typer.echo(evaluation_text(document))


@app.command()
def logs(
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="Lines of each log to begin with.")] = 10,
    follow: Annotated[bool, typer.Option("--follow/--no-follow", help="Go on until Ctrl-C.")] = True,
) -> None:
    """Tail all logs."""
    from agents.dashboard.tail import tail

    home = _home()
    tail(
        [home.orchestrator_log, home.trials_log, home.pilot_log, home.campaign_log, home.follow_ups_log],
        lines,
        follow=follow,
        write=typer.echo,
    )


@app.command()
def stop(
    orchestrator_only: Annotated[
        bool, typer.Option("--orchestrator-only", help="Leave the pilot and the campaign running.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Stop the orchestrator, the pilot and the campaign; they drain first, and the same command goes on later."""
    from agents.autonomous.stopping import stop_all

    stopped = stop_all(_home(), orchestrator_only=orchestrator_only)
    if as_json:
        _print_json({"stopped": stopped})
    else:
        typer.echo("\n".join(f"{name}: {outcome}" for name, outcome in stopped.items()) or "Nothing was running.")
    raise typer.Exit(ExitCode.FAILED if "still running" in stopped.values() else ExitCode.DONE)


@app.command()
def plan(
    quality_threshold: QualityThreshold = None,
    campaign_target: CampaignTarget = None,
    min_pilot_samples: MinPilotSamples = None,
    auto_launch: AutoLaunch = None,
    recipe: RecipeFile = None,
    as_json: AsJson = False,
) -> None:
    """Show every value of the plan, where it comes from, and what its campaign will take; start nothing."""
    from agents.autonomous.forecasting import forecast_of
    from agents.campaign.forecast.page import forecast_text
    from agents.dashboard.view import plan_text

    resolved = _plan(quality_threshold, campaign_target, min_pilot_samples, auto_launch, recipe)
    values = resolved.values()
    origins = {key: resolved.origin(key) for key in values}
    found, reason = forecast_of(_home(), resolved)
    if as_json:
        _print_json({"values": values, "origins": origins, "forecast": found, "no_forecast": reason})
    else:
        typer.echo(plan_text(values, origins))
        typer.echo(f"\nNo forecast: {reason}" if found is None else f"\n{forecast_text(found)}")


def main() -> None:
    """Run the command line; an error becomes a message, its cure and its exit code. Without a verb, help is shown."""
    verb_and_flags = sys.argv[1:]
    try:
        code = app(verb_and_flags or ["--help"], standalone_mode=False)
    except TyperException as error:
        _end(_unreadable(error))
    except CampaignError as error:
        _end(error)
    sys.exit(code if verb_and_flags else ExitCode.USAGE)


def _unreadable(error: TyperException) -> UsageError:
    context = getattr(error, "ctx", None)
    return UsageError(error.format_message(), f"see {context.command_path if context else app.info.name} --help")


def _end(error: CampaignError) -> NoReturn:
    if "--json" in sys.argv:
        _print_json(error.document())
    typer.echo(f"error: {error}", err=True)
    sys.exit(error.exit_code)


def _home() -> Home:
    """Return the home; raises UsageError where it could not be a folder or may not be looked into."""
    home = Home.from_environment(os.environ)
    cure = "set CONTEXT_ROOT to a folder of yours, or leave it out to have ~/.context"
    try:
        in_the_way = [path for path in (home.training, *home.training.parents) if path.exists() and not path.is_dir()]
    except OSError as error:
        raise UsageError(f"{home.root} cannot be looked into: {error.strerror}", cure) from error
    if in_the_way:
        raise UsageError(f"{home.root} cannot be the home: {in_the_way[0]} is no folder", cure)
    return home


def _plan(
    quality_threshold: float | None,
    campaign_target: int | None,
    min_pilot_samples: int | None,
    auto_launch: bool | None,
    recipe: Path | None,
) -> Plan:
    from agents.campaign.plan import plan_for

    flags = {
        "--quality-threshold": ("gate.quality_threshold", quality_threshold),
        "--campaign-target": ("campaign.target", campaign_target),
        "--min-pilot-samples": ("gate.min_samples", min_pilot_samples),
        "--auto-launch" if auto_launch else "--no-auto-launch": ("campaign.auto_launch", auto_launch),
    }
    return plan_for(flags, recipe)


def _run(mode: str, plan: Plan, *, as_json: bool) -> NoReturn:
    import asyncio

    from agents.autonomous.runner import exit_code_of
    from agents.dashboard.view import outcome_text

    document = asyncio.run(_shown(mode, plan, _home(), as_json=as_json))
    _print_json(document) if as_json else typer.echo(outcome_text(mode, document))
    raise typer.Exit(exit_code_of(mode, document))


async def _shown(mode: str, plan: Plan, home: Home, *, as_json: bool) -> dict[str, Any]:
    """Run ``mode``: with a progress bar on a terminal, with log lines on standard error elsewhere."""
    from agents.autonomous.runner import run_mode
    from agents.campaign.logs import configure

    has_bar = mode == "auto" and not as_json and sys.stderr.isatty()
    configure(home.orchestrator_log, echo=not has_bar)
    if not has_bar:
        return await run_mode(mode, plan, home)
    from agents.dashboard.screen import workflow_bar

    async with workflow_bar(home):
        return await run_mode(mode, plan, home)


def _inspect(plan: Plan, *, as_json: bool) -> None:
    from agents.campaign.clock import SystemClock
    from agents.campaign.environment import environment_of
    from agents.training.inspection import inspect, inspection_text

    document = inspect(plan, _home(), environment_of(plan.recipe_path), SystemClock().now())
    _print_json(document) if as_json else typer.echo(inspection_text(document))
    raise typer.Exit(ExitCode.USAGE if document["obstacles"] else ExitCode.DONE)


def _previewed(plan: Plan, candidate: str | None, count: int, seed_offset: int) -> Preview:
    """Make the preview; on a terminal, a line says how far it is."""
    import asyncio

    from rich.console import Console

    from agents.campaign.clock import SystemClock
    from agents.campaign.environment import environment_of
    from agents.campaign.printable import printable
    from agents.training.preflight import prepare
    from agents.training.previewing import make_preview, of_candidate

    clock = SystemClock()
    prepared = prepare(of_candidate(plan, candidate), "pilot", None, _home(), clock.now())
    console = Console(stderr=True)
    with console.status(f"asking for {count} samples") as status:
        made = make_preview(
            prepared,
            count,
            seed_offset,
            environment_of(plan.recipe_path),
            clock,
            say=lambda sentence: console.print(printable(sentence), markup=False, highlight=False, soft_wrap=True),
            progressed=lambda done: status.update(f"{done} of {count} samples are there"),
        )
        return asyncio.run(made)


def _verified(run: str | None, *, is_shown: bool) -> dict[str, Any]:
    """Verify a run; on a terminal, a bar says how far it is."""
    import asyncio

    from rich.console import Console
    from rich.progress import Progress

    from agents.campaign.clock import SystemClock
    from agents.dashboard.samples import known_run
    from agents.training.verifying import verify as verify_run

    home = _home()
    with Progress(console=Console(stderr=True), disable=not is_shown) as bar:
        task = bar.add_task("judging again")
        return asyncio.run(
            verify_run(
                home,
                known_run(home, run),
                SystemClock(),
                lambda done, total: bar.update(task, completed=done, total=total),
            )
        )


def _evaluated(wish: EvaluationWish) -> dict[str, Any]:
    """Evaluate; on a terminal, a bar says how far it is."""
    from rich.console import Console
    from rich.progress import Progress

    from agents.campaign.clock import SystemClock
    from agents.campaign.environment import environment_of
    from agents.campaign.printable import printable
    from agents.training.evaluation.evaluating import evaluate as ask_and_prove

    console = Console(stderr=True)
    with Progress(console=console, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("answers")
        return ask_and_prove(
            _home(),
            wish,
            environment_of(wish.recipe),
            SystemClock(),
            say=lambda sentence: console.print(printable(sentence), markup=False, highlight=False, soft_wrap=True),
            progressed=lambda done, total: bar.update(task, completed=done, total=total),
        )


def _transferred(plan: Plan, datasets: Sequence[str], *, dry_run: bool) -> dict[str, Any]:
    """Send datasets; on a terminal, a bar says how far it is."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from agents.campaign.clock import SystemClock
    from agents.campaign.printable import printable
    from agents.training.transfer.sending import transfer as send

    console = Console(stderr=True)
    columns = (TextColumn("sending"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("sending", total=None)
        return send(
            _home(),
            plan.recipe.transfer,
            datasets,
            SystemClock(),
            dry_run=dry_run,
            say=lambda sentence: console.print(printable(sentence), markup=False, highlight=False, soft_wrap=True),
            progressed=lambda done, total: bar.update(task, completed=done, total=total),
        )


def _start_in_background(mode: str, plan: Plan, *, as_json: bool) -> NoReturn:
    from agents.autonomous.runner import start_in_background
    from agents.dashboard.view import active_text

    home = _home()
    started = start_in_background(mode, plan, home)
    if as_json:
        _print_json({"pid": started.pid, "log_path": str(home.orchestrator_log)})
    else:
        target, after = f"{plan.recipe.campaign.target:,}", ", ".join(plan.recipe.after_campaign)
        steps = [step.format(target=target) for step in STEPS] + ([f"After it: {after}"] if after else [])
        typer.echo(active_text(tuple(steps), started.pid, home.orchestrator_log))
    raise typer.Exit(ExitCode.DONE)


def _print_json(document: dict[str, Any]) -> None:
    import orjson

    typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())
