from __future__ import annotations

import re
from pathlib import Path

import pytest

from agents.campaign.plan import Layer, resolve
from agents.campaign.recipe import Recipe
from agents.training import readiness
from agents.training.readiness import unready
from agents.training.sft.preflight import PACKAGES
from agents.training.sft.troubles import PackagesError

ALL = "after_campaign: [export, transfer, train, evaluate]\n"


def recipe(folder: Path, text: str) -> Recipe:
    path = folder / "recipe.yaml"
    path.write_text(text)
    return resolve(Layer.of_recipe(path)).recipe


@pytest.fixture
def programs(tmp_path: Path) -> dict[str, str]:
    """Return variables with which ssh and rsync are found."""
    for name in ("ssh", "rsync"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o755)
    return {"PATH": str(tmp_path)}


@pytest.fixture
def all_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "installed", lambda: dict.fromkeys(PACKAGES, "99"))


def datasets(*options: str) -> str:
    return f"datasets: {{alttp: {{domains: [asm], training: [{', '.join(options)}]}}}}\n"


def test_nothing_is_looked_for_that_nobody_wants(tmp_path: Path) -> None:
    assert unready(recipe(tmp_path, "seed: 1\n"), {"PATH": ""}) == []


def test_programs_that_are_missing_are_named(tmp_path: Path, programs: dict[str, str]) -> None:
    sent = recipe(tmp_path, "after_campaign: [export, transfer]\n")
    (trouble,) = unready(sent, {"PATH": str(tmp_path / "nowhere")})
    assert re.match(r"transfer: .*rsync.*\(.*install", trouble)
    assert unready(sent, programs) == []


def test_a_key_that_is_not_there_is_named(tmp_path: Path, programs: dict[str, str]) -> None:
    sent = recipe(tmp_path, "after_campaign: [export, transfer]\ntransfer: {identity: /nowhere/key}\n")
    (trouble,) = unready(sent, programs)
    assert "transfer.identity = '/nowhere/key'" in trouble


def test_packages_that_are_missing_are_named(
    tmp_path: Path, programs: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacks() -> dict[str, str]:
        raise PackagesError("not installed: torch", "install it")

    monkeypatch.setattr(readiness, "installed", lacks)
    assert unready(recipe(tmp_path, ALL), programs) == ["train: not installed: torch (install it)"]


@pytest.mark.usefixtures("all_installed")
@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--modell", "tiny"], "train alttp: its options cannot be: unrecognized arguments: --modell tiny (mend "),
        (["--epochs", "none"], "train alttp: its options cannot be: argument --epochs: "),
        (["--model", "/nowhere/model"], "train alttp: there is no model /nowhere/model (name "),
    ],
)
def test_options_that_no_training_has_are_told(
    tmp_path: Path, programs: dict[str, str], options: list[str], told: str
) -> None:
    (trouble,) = unready(recipe(tmp_path, ALL + datasets(*options)), programs)
    assert trouble.startswith(told)
    assert "datasets.alttp.training" in trouble


@pytest.mark.usefixtures("all_installed")
def test_what_could_not_be_compared_with_is_told(tmp_path: Path, programs: dict[str, str]) -> None:
    compared = recipe(
        tmp_path, ALL + datasets("--cpu") + "evaluation: {before: techer}\nmodels: {teacher: {model: x}}\n"
    )
    (trouble,) = unready(compared, programs)
    assert trouble.startswith("evaluate: 'techer' is neither a folder nor a model of the recipe (give base")
    assert trouble.endswith("one of its models: teacher)")


@pytest.mark.usefixtures("all_installed")
@pytest.mark.parametrize("options", [["--model", "tiny"], ["--cpu"]])
def test_a_model_for_the_processor_needs_no_card(tmp_path: Path, programs: dict[str, str], options: list[str]) -> None:
    assert unready(recipe(tmp_path, ALL + datasets(*options)), programs) == []


@pytest.mark.slow
def test_a_model_that_wants_a_card_is_told_where_there_is_none(tmp_path: Path, programs: dict[str, str]) -> None:
    torch = pytest.importorskip("torch")
    troubles = unready(recipe(tmp_path, ALL + datasets("--model", "some/model")), programs)
    assert len(troubles) == (0 if torch.cuda.is_available() else 1)


@pytest.mark.usefixtures("all_installed")
def test_a_model_below_the_home_folder_is_found(
    tmp_path: Path, programs: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "own").mkdir()
    trained = recipe(tmp_path, ALL + datasets("--model", "~/own", "--cpu"))
    assert unready(trained, programs) == []


@pytest.mark.usefixtures("all_installed")
@pytest.mark.parametrize("option", ["--model", "--output"])
def test_a_folder_that_depends_on_where_it_is_started_is_told(
    tmp_path: Path, programs: dict[str, str], monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own").mkdir()
    (trouble,) = unready(recipe(tmp_path, ALL + datasets("--cpu", option, "./own")), programs)
    assert re.match(
        rf"train alttp: {option} (\./)?own is another folder wherever it is started \(give its full", trouble
    )
