from __future__ import annotations

import ast
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from agents.campaign.errors import ExitCode
from agents.training import sft
from agents.training.sft.preflight import PACKAGES
from agents.training.sft.troubles import Exit
from agents.training.trainer import REQUIREMENTS, script_name, training_files, write_training

NAME = "alttp_asm_24k"
SOURCES = sorted(Path(sft.__file__).parent.glob("*.py"))


@pytest.mark.parametrize(
    ("dataset", "script"),
    [
        ("alttp_asm_24k", "train_alttp_asm.py"),
        ("yaze_tools_7k", "train_yaze_tools.py"),
        ("mine", "train_mine.py"),
        ("rooms_2M", "train_rooms.py"),
        ("part_2", "train_part_2.py"),
        ("a-b_3k", "train_a_b.py"),
        ("_7k", "train__7k.py"),
    ],
)
def test_a_script_is_named_after_its_dataset_without_the_size(dataset: str, script: str) -> None:
    assert script_name(dataset) == script


def test_a_recipe_may_name_the_script() -> None:
    files = training_files(NAME, "train_mine.py")
    assert "train_mine.py" in files
    assert script_name(NAME) not in files


def test_the_manifest_learns_of_every_file_that_training_needs(tmp_path: Path) -> None:
    entries = write_training(tmp_path, NAME)
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} == set(entries)
    for name, entry in entries.items():
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == entry["sha256"]
    assert {f"sft/{path.name}" for path in SOURCES} < set(entries)
    needed = (tmp_path / REQUIREMENTS).read_text(encoding="utf-8").split()
    assert [line.partition(">=")[0] for line in needed] == list(PACKAGES)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_what_runs_on_another_machine_needs_nothing_of_this_project(path: Path) -> None:
    own = {source.stem for source in SOURCES}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.ImportFrom(level=0, module=str(module)):
                assert is_allowed(module)
            case ast.ImportFrom(level=1, module=module, names=names):
                assert ({module} if module else {alias.name for alias in names}) <= own
            case ast.ImportFrom():
                pytest.fail(f"line {node.lineno} leaves the package")
            case ast.Import(names=names):
                assert all(is_allowed(alias.name) for alias in names)


def is_allowed(module: str) -> bool:
    top = module.partition(".")[0]
    return top in sys.stdlib_module_names or top in PACKAGES or top == "jinja2"


def test_the_command_line_is_there_without_any_package(tmp_path: Path) -> None:
    write_training(tmp_path, NAME)
    program = "import sys; sys.path.insert(0, sys.argv[1]); import sft.command; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-I", "-c", program, str(tmp_path)], capture_output=True, check=True)
    assert not {*PACKAGES, "agents"} & set(done.stdout.decode().split())


@pytest.mark.parametrize("place", [".", "datasets/alttp_asm_24k", "home/training/datasets/alttp_asm_24k"])
def test_a_script_finds_its_dataset_and_refuses_one_that_is_not_finished(tmp_path: Path, place: str) -> None:
    dataset = tmp_path / place
    dataset.mkdir(parents=True, exist_ok=True)
    write_training(dataset, NAME)
    script = tmp_path / script_name(NAME)
    script.write_text(training_files(NAME)[script_name(NAME)], encoding="utf-8")
    shown, refused = run(script, "--help"), run(script, "--model", "tiny")
    assert (shown.returncode, "--learning-rate" in shown.stdout) == (0, True)
    assert str(dataset.resolve()) in " ".join(shown.stdout.split())
    assert (refused.returncode, "has no manifest.json" in refused.stderr) == (2, True)
    assert not list(dataset.rglob("__pycache__"))


def test_a_recipes_options_are_those_of_the_script_until_a_person_says_others(tmp_path: Path) -> None:
    script = tmp_path / script_name(NAME)
    write_training(tmp_path, NAME, options=["--full", "--epochs", "3"])
    assert "--full has none" in run(script, "--merge").stderr
    assert "has no manifest.json" in run(script, "--epochs", "0.5").stderr


def test_a_script_says_where_it_looked_in_vain(tmp_path: Path) -> None:
    script = tmp_path / script_name(NAME)
    script.write_text(training_files(NAME)[script_name(NAME)], encoding="utf-8")
    lost = run(script)
    assert lost.returncode == 2
    assert str(tmp_path / "home/training/datasets/alttp_asm_24k") in lost.stderr
    assert "cure" in lost.stderr


def run(script: Path, *options: str) -> subprocess.CompletedProcess[str]:
    home = script.parent / "home"
    home.mkdir(exist_ok=True)
    command = [sys.executable, script.name, *options]
    environment = {"HOME": str(home), "COLUMNS": "1000"}
    return subprocess.run(command, cwd=script.parent, env=environment, text=True, capture_output=True, check=False)


def test_the_exit_codes_are_those_of_all_commands() -> None:
    assert {code.name: int(code) for code in Exit} == {
        code.name: int(code) for code in ExitCode if code.name in Exit.__members__
    }
