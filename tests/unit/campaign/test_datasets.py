from __future__ import annotations

import pytest
from pydantic import ValidationError

from agents.campaign.datasets import DEFAULT_DATASETS, DatasetSection, SplitsSection, wanted
from agents.campaign.errors import UsageError
from agents.campaign.plan import NOT_IN_FINGERPRINT, Layer, resolve
from agents.campaign.recipe import Recipe

DOMAINS = ["asm", "oracle", "errors", "yaze"]


def test_the_seed_datasets_are_defined_and_no_part_of_the_fingerprint() -> None:
    assert Recipe().datasets == DEFAULT_DATASETS
    assert DEFAULT_DATASETS["alttp_asm_24k"] == DatasetSection(domains=("asm", "oracle", "errors"), at_most=24_000)
    assert DEFAULT_DATASETS["yaze_tools_7k"] == DatasetSection(domains=("yaze",), at_most=7_000)
    assert {"datasets", "splits", "curation"} <= set(NOT_IN_FINGERPRINT)


def test_cpp_means_yaze_unless_there_is_a_domain_of_that_name() -> None:
    section = DatasetSection(domains=("cpp", "yaze"))
    assert section.domains_of(DOMAINS) == (["yaze"], [])
    assert section.domains_of(["asm"]) == ([], ["cpp", "yaze"])
    assert section.domains_of(["cpp", "yaze"]) == (["cpp", "yaze"], [])


def test_datasets_of_a_recipe_replace_those_of_the_program() -> None:
    plan = resolve(Layer({"datasets.mine.domains": ["asm"]}, {"datasets.mine.domains": "recipe x"}))
    assert list(plan.recipe.datasets) == ["mine"]
    assert plan.recipe.datasets["mine"].at_most is None


@pytest.mark.parametrize("script", ["train_a.py\n", "train_.py", "train_a.py.sh", "../train_a.py", "a.py"])
def test_a_training_script_has_a_name_that_every_shell_leaves_alone(script: str) -> None:
    with pytest.raises(ValidationError, match="script"):
        DatasetSection(domains=("asm",), script=script)


def test_all_that_have_something_are_wanted_where_none_is_named() -> None:
    assert list(wanted((), DEFAULT_DATASETS, DOMAINS)) == ["alttp_asm_24k", "yaze_tools_7k"]
    assert list(wanted((), DEFAULT_DATASETS, ["oracle"])) == ["alttp_asm_24k"]
    assert list(wanted(("yaze_tools_7k",), DEFAULT_DATASETS, DOMAINS)) == ["yaze_tools_7k"]


@pytest.mark.parametrize("name", ["", "../x", "a b", "-x", "v1.0", "x" * 101, "ä"])
def test_a_dataset_has_a_name_that_a_folder_can_have(name: str) -> None:
    with pytest.raises((ValidationError, UsageError), match="cannot name a dataset"):
        Recipe.model_validate({"datasets": {name: {"domains": ["asm"]}}})


@pytest.mark.parametrize("shares", [{"train": 0.8}, {"train": 0.8, "validation": 0.1, "test": 0.2}, {"train": 0.0}])
def test_shares_that_are_no_whole_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        SplitsSection.model_validate(shares)


def test_a_share_of_nothing_makes_no_split() -> None:
    assert SplitsSection(train=0.9, validation=0.0, test=0.1).shares == {"train": 0.9, "test": 0.1}
