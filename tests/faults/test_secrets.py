"""Secrets and hostile text: no key in any file, no file for other eyes, no shell, no escape sequence on a terminal."""

from __future__ import annotations

import ast
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from runs import RUN, auto, goes_on
from world import ROOT, World

CANARIES = {
    "OPENAI_API_KEY": "sk-canary-openai-1f0c3a",
    "HF_TOKEN": "hf_canary_token_9b2d4e",
    "ANTHROPIC_API_KEY": "sk-ant-canary-77aa01",
}
ESCAPES = "\x1b[2J\x1b]0;owned\x07\x1b[31mred \x9b1A\x08\x7f \x1bP1;1|payload\x1b\\"
SAMPLES = "".join(f"{ESCAPES} quality_score=0.8\r\nProgress: {done}/190 {ESCAPES}\n" for done in range(1, 191))


def files_of(world: World) -> Iterator[Path]:
    return (path for path in world.home.root.rglob("*") if path.is_file())


def check_no_canary(world: World, *outputs: str) -> None:
    for secret in CANARIES.values():
        assert [path for path in files_of(world) if secret.encode() in path.read_bytes()] == []
        assert not any(secret in output for output in outputs)


def is_harmless(text: str) -> bool:
    return all(char.isprintable() or char in "\n\t" for char in text)


# Secrets.


def test_a_whole_workflow_keeps_no_key_and_nothing_for_other_eyes(world: World) -> None:
    world.variables |= CANARIES
    before = os.umask(0)
    try:
        done = world.campaign(*auto(world))
        shown = [world.campaign(*verb) for verb in (("status",), ("status", "--json"), ("logs", "--no-follow"))]
    finally:
        os.umask(before)

    assert done.returncode == 0, done.stderr
    check_no_canary(world, done.stdout, done.stderr, *(run.stdout + run.stderr for run in shown))
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (world.home.root, *world.home.root.rglob("*"))}
    assert {path for path, mode in modes.items() if mode != (0o700 if path.is_dir() else 0o600)} == set()
    assert world.home.datasets.is_dir()
    assert world.home.run(RUN).exit_record.is_file()


PASTED = {
    "key": "key: {}",
    "keys": "key: [OPENAI_API_KEY, {}]",
    "unknown key": "api_key: {}",
    "password": "base_url: 'http://joe:{}@127.0.0.1:1/v1'",
    "query": "base_url: 'http://127.0.0.1:1?key={}/v1'",
    "body": "extra_body: {{headers: {{Authorization: 'Bearer {}'}}}}",
    "list": "endpoints: ['http://joe:{}@127.0.0.1:1/v1']",
}
CANARY = "hf_CaNaRy9b2d4e77aa01CaNaRy"
VERBS_OF_RECIPES = ("validate", "plan", "preview", "auto", "monitor", "launch", "report")


@pytest.mark.parametrize(
    ("verb", "place"), [*((verb, "key") for verb in VERBS_OF_RECIPES), *(("plan", place) for place in PASTED)]
)
def test_a_secret_that_is_pasted_into_a_recipe_is_refused_and_shown_or_stored_nowhere(
    world: World, verb: str, place: str
) -> None:
    pasted = PASTED[place].format(CANARY)
    recipe = world.recipe(f"models: {{writer: {{model: m, {pasted}}}}}\nteacher: {{kind: chat, model: writer}}\n")

    refused = world.campaign(verb, "--recipe", str(recipe), "--json")

    assert refused.returncode == 2, refused.stderr
    assert CANARY not in refused.stdout + refused.stderr
    assert [path for path in files_of(world) if CANARY.encode() in path.read_bytes()] == []


CRASH = """
import sys
if sys.argv[0].endswith("generate_campaign.py") or "generate_campaign" in " ".join(sys.orig_argv):
    if "--dry-run" not in sys.orig_argv and "--pilot" not in sys.orig_argv:
        from agents.training import engine
        def broken(self, *_):
            import os
            key = os.environ["OPENAI_API_KEY"]
            raise RuntimeError("the machine is broken")
        engine.Engine._record_attempts = broken
"""


@pytest.mark.slow
def test_a_crash_with_a_traceback_tells_no_key(world: World) -> None:
    world.variables |= CANARIES | {"PYTHONPATH": str(world.folder / "site")}
    (world.folder / "site").mkdir()
    (world.folder / "site" / "sitecustomize.py").write_text(CRASH)

    crashed = world.campaign(*auto(world))
    shown = world.campaign("status")

    assert crashed.returncode == 1, crashed.stdout
    assert "the machine is broken" in world.home.campaign_log.read_text()
    assert "Traceback" in world.home.campaign_log.read_text()
    assert "the machine is broken" in crashed.stderr
    check_no_canary(world, crashed.stdout, crashed.stderr, shown.stdout, shown.stderr)
    del world.variables["PYTHONPATH"]
    goes_on(world)


# Hostile text.


def test_escape_sequences_of_a_log_reach_no_output_and_no_status_file(world: World) -> None:
    program = (
        f"import sys; sys.stdout.reconfigure(encoding='latin-1'); print({ESCAPES!r} + ' last words ' + {ESCAPES!r}); "
        "sys.exit(3)"
    )
    command = [sys.executable, "-c", program]
    recipe = str(world.recipe(f"campaign: {{target: 80, command: {command!r}}}\n"))
    world.home.training.mkdir(parents=True)
    world.home.pilot_log.write_bytes((SAMPLES + f"quality_score={ESCAPES} nan\n").encode())
    verbs = (
        ("validate", "--recipe", recipe),
        ("auto", "--recipe", recipe),
        ("auto", "--recipe", recipe, "--json"),
        ("status",),
        ("status", "--json"),
        ("logs", "--no-follow", "--lines", "300"),
        ("launch", "--recipe", recipe),
    )

    runs = [world.campaign(*verb) for verb in verbs]

    assert world.state["phase"] == "launch_failed"
    assert "last words" in world.state["cause"]
    assert "last words" in runs[3].stdout
    for verb, run in zip(verbs, runs, strict=True):
        assert is_harmless(run.stdout + run.stderr), (verb, run.stdout, run.stderr)
    for path in (*world.home.training.glob("*.json"), world.home.orchestrator_log):
        assert is_harmless(path.read_text(encoding="utf-8")), path


def test_an_escape_sequence_in_a_problem_of_the_pilot_is_harmless(world: World) -> None:
    world.home.training.mkdir(parents=True)
    world.home.pilot_log.write_bytes(
        (SAMPLES + f"quality_score=0.5 {ESCAPES}0.7/{ESCAPES}\nProgress: 7{ESCAPES}/\n").encode()
    )

    for verb in (("validate", "--recipe", str(world.recipe())), ("status",), ("status", "--json")):
        run = world.campaign(*verb)
        assert is_harmless(run.stdout + run.stderr), (verb, run.stdout, run.stderr)
    assert is_harmless(world.home.pilot_status.read_text(encoding="utf-8"))


# No shell.


SHELLS = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "pty.spawn"}
SHELLS |= {"asyncio.create_subprocess_shell", "commands.getoutput", "eval", "exec"}


def shell_calls(source: str) -> list[str]:
    """Return what in ``source`` hands text to a shell or to an interpreter."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            shell = [keyword for keyword in node.keywords if keyword.arg == "shell"]
            if name in SHELLS or any(ast.unparse(keyword.value) != "False" for keyword in shell):
                found.append(f"{node.lineno}: {ast.unparse(node)}")
    return found


@pytest.mark.parametrize("folder", ["src", "scripts"])
def test_no_text_is_ever_handed_to_a_shell(folder: str) -> None:
    sources = list((ROOT / folder).rglob("*.py"))
    assert sources
    found = {str(path): calls for path in sources if (calls := shell_calls(path.read_text(encoding="utf-8")))}
    assert found == {}


def test_the_search_for_shells_finds_some() -> None:
    bad = "os.system('x')\nsubprocess.run('x', shell=True)\nsubprocess.run('x', shell=False)\neval('1')"
    assert [line.split(":")[0] for line in shell_calls(bad)] == ["1", "2", "4"]
