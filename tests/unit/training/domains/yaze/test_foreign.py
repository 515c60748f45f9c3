"""A catalogue of somebody else's: schema-only families."""

import pickle
from random import Random

import pytest

from agents.training.domains.yaze import ForeignDomain
from agents.training.domains.yaze.catalogue import CatalogueError
from agents.training.sample import Cell


def tool(name: str, *required: str, **properties: object) -> dict[str, object]:
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return {"type": "function", "function": {"name": name, "description": f"Do {name}.", "parameters": schema}}


CATALOGUE = [
    tool("set_zoom", "level", level={"type": "integer", "minimum": 1, "maximum": 8}, smooth={"type": "boolean"}),
    tool("open_view", "view", view={"enum": ["map", "room", "text"]}, title={"type": "string"}),
    tool("scale", "by", by={"type": "number"}, axes={"type": "array", "items": {"enum": ["x", "y"]}}),
    tool("stamp", "at", at={"type": "string", "pattern": "^[0-9]+$"}),
    tool("zone", view={"enum": ["map"]}, rect={"type": "object"}, step={"type": "integer", "multipleOf": 4}),
    tool("status"),
]


@pytest.fixture(scope="module")
def domain() -> ForeignDomain:
    return ForeignDomain(CATALOGUE)


def test_own_answers_are_right_and_mistakes_are_caught(domain: ForeignDomain) -> None:
    for cell in domain.cells():
        for index in range(25):
            item = domain.item(cell, index, 2)
            prompt, answer = domain.prompt(item, 3), domain.answer(item, index)
            found = domain.judge(item, prompt, answer)
            assert found.quality >= 0.7, (answer, found.checks)
            assert found.sample is not None
            assert found.sample[1].content in prompt[-1].content
            spoiled = domain.spoil(item, answer, Random(index))
            assert domain.judge(item, prompt, spoiled).quality <= 0.3


def test_a_tool_with_a_pattern_is_offered_but_not_asked_for(domain: ForeignDomain) -> None:
    items = [domain.item(Cell("schema.call", 3), index, 1) for index in range(30)]
    prompts = [domain.prompt(item, 0) for item in items]
    assert any('"stamp"' in prompt[0].content for prompt in prompts)
    assert not any("stamp" in prompt[1].content for prompt in prompts)


def test_its_version_follows_the_catalogue(domain: ForeignDomain) -> None:
    assert domain.version != ForeignDomain(CATALOGUE[:2]).version
    assert pickle.loads(pickle.dumps(domain)).version == domain.version  # noqa: S301 -- our own


def test_a_catalogue_without_a_usable_tool_is_refused() -> None:
    with pytest.raises(CatalogueError, match="no tool whose arguments"):
        ForeignDomain([CATALOGUE[3]])


def test_descriptions_and_examples_shape_the_values() -> None:
    read = tool("read", "at", "what", at={"type": "string", "description": "hex address"}, what={"examples": ["tile"]})
    domain = ForeignDomain([read])
    answer = domain.answer(domain.item(Cell("schema.call", 1), 0, 1), 0)
    assert '"at": "0x' in answer
    assert '"what": "tile"' in answer
