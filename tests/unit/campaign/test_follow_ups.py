from __future__ import annotations

from pathlib import Path

import pytest

from agents.campaign.errors import UsageError
from agents.campaign.follow_ups import FOLLOW_UPS, Task, check_follow_ups, tasks_of
from agents.campaign.home import checked_name
from agents.campaign.plan import Layer, resolve


def test_all_follow_ups_come_to_tasks_in_their_order() -> None:
    tasks = tasks_of(FOLLOW_UPS, ["asm", "yaze"])
    assert [task.name for task in tasks] == [
        "export",
        "transfer",
        "train asm",
        "train yaze",
        "evaluate asm",
        "evaluate yaze",
    ]
    assert tasks_of((), ["asm"]) == []


def test_a_task_needs_what_makes_what_it_works_on() -> None:
    assert Task("export").need is None
    assert Task("transfer").need == Task("train", "asm").need == Task("export")
    assert Task("evaluate", "asm").need == Task("train", "asm")


@pytest.mark.parametrize("names", [(), ("export",), ("export", "transfer"), ("export", "train"), FOLLOW_UPS])
def test_what_has_all_that_it_needs_is_taken(names: tuple[str, ...]) -> None:
    check_follow_ups(names)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("train", "export"), "in this order: export, transfer, train, evaluate"),
        (("export", "export"), "each at most once"),
        (("transfer",), "transfer needs export before it"),
        (("export", "evaluate"), "evaluate needs train before it"),
    ],
)
def test_what_could_not_be_done_one_after_the_other_is_refused(names: tuple[str, ...], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        check_follow_ups(names)  # type: ignore[arg-type]


def test_tasks_of_all_campaigns_have_names_of_their_own() -> None:
    campaigns = ("a" * 100, "b" * 100, "short", "v1.", "c" * 91 + ".")
    names = {task.run(campaign) for campaign in campaigns for task in tasks_of(FOLLOW_UPS, ["x" * 100, "y" * 100])}
    assert len(names) == 30
    assert all(checked_name(name) == name for name in names)
    assert Task("train", "asm").run("full_campaign_34500") == "full_campaign_34500.train.asm"


@pytest.mark.parametrize(
    ("recipe", "told"),
    [
        ("after_campaign: [transfer]", "transfer needs export before it"),
        ("after_campaign: [export, deploy]", "after_campaign"),
        ("after_campaign: yes", "after_campaign"),
        ("after_campaign: [export]\ncampaign: {command: [x]}", "somebody's own generator .* writes none"),
        (
            "after_campaign: [export, train, evaluate]\nsplits: {train: 0.9, validation: 0.1, test: 0}",
            "splits.test is 0",
        ),
        (
            "after_campaign: [export]\ndatasets: {music: {domains: [spc]}}",
            "after_campaign exports datasets, and none is made of a domain of this recipe: asm, ",
        ),
        ("evaluation: {count: 0}", "evaluation.count = 0"),
        ("models: {m: {model: x}}\nevaluation: {before: m, max_cost: 1}", "evaluation.max_cost is set and the prices"),
    ],
)
def test_a_recipe_whose_end_could_not_come_is_refused(tmp_path: Path, recipe: str, told: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(recipe)
    with pytest.raises(UsageError, match=told) as refused:
        resolve(Layer.of_recipe(path), recipe_path=path)
    assert "after_campaign" in str(refused.value) or "evaluation" in str(refused.value)


def test_nothing_follows_a_campaign_unless_the_recipe_says_so() -> None:
    assert resolve().recipe.after_campaign == ()
