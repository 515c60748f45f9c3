from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError

from agents.campaign.described import DomainSection
from agents.campaign.recipe import CampaignSection, Recipe, leaves


def sections(model: type[BaseModel]) -> list[type[BaseModel]]:
    inner = [field.annotation for field in model.model_fields.values()]
    found = [kind for kind in inner if isinstance(kind, type) and issubclass(kind, BaseModel)]
    return [model, *(deeper for kind in found for deeper in sections(kind))]


@pytest.mark.parametrize("section", [*sections(Recipe), DomainSection])
def test_every_section_refuses_unknown_keys_and_never_changes(section: type[BaseModel]) -> None:
    assert section.model_config["extra"] == "forbid"
    assert section.model_config["frozen"] is True


def test_a_recipe_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Recipe().gate.quality_threshold = 0.1  # type: ignore[misc]


def test_a_run_is_named_after_its_target_unless_it_has_a_name() -> None:
    assert CampaignSection(target=50_000).name == "full_campaign_50000"
    assert CampaignSection(target=50_000, output_name="mine").name == "mine"


@pytest.mark.parametrize("weights", [(0.435, 0.232, 0.116, 0.174, 0.043), (0.1,) * 10, (1 / 3, 1 / 3, 1 / 3)])
def test_weights_that_sum_to_one_but_for_rounding_are_accepted(weights: tuple[float, ...]) -> None:
    recipe = Recipe(domains={f"d{index}": DomainSection(weight=weight) for index, weight in enumerate(weights)})
    assert tuple(domain.weight for domain in recipe.domains.values()) == weights


def test_weights_that_miss_one_by_more_than_rounding_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"weights sum to 0\.99999"):
        Recipe(domains={"a": DomainSection(weight=0.99999)})


@pytest.mark.parametrize(
    "argument", ["{target}", "--n={target}", "{output_name}/{log}", "{{x}}", "plain", "{log}{log}"]
)
def test_a_command_may_hold_the_three_places(argument: str) -> None:
    section = CampaignSection(command=("python", argument))
    assert section.command == ("python", argument)


def test_leaves_are_the_dotted_keys_of_a_document() -> None:
    document = {"a": {"b": 1, "c": {"d": None}}, "e": {}, "f": [{"g": 1}], 5: True}
    assert dict(leaves(document)) == {"a.b": 1, "a.c.d": None, "e": {}, "f": [{"g": 1}], "5": True}
