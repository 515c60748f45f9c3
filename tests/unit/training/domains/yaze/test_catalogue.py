"""Reading catalogues: ours, foreign ones, and what is none."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.training.domains.yaze.catalogue import Catalogue, CatalogueError
from agents.training.domains.yaze.editor import CATALOGUE, TOOLS

TOOL = {
    "type": "function",
    "function": {
        "name": "zoom",
        "description": "Zoom.",
        "parameters": {"type": "object", "properties": {"by": {"type": "integer"}}, "required": ["by"]},
    },
}


def changed(**values: object) -> dict[str, object]:
    return {**TOOL, "function": {**TOOL["function"], **values}}


def test_ours_offers_every_tool_with_a_closed_schema() -> None:
    assert CATALOGUE.names == list(TOOLS)
    for name in CATALOGUE.names:
        schema = CATALOGUE.parameters(name)
        assert schema["additionalProperties"] is False
        assert set(schema["required"]) <= set(schema["properties"])


def test_both_forms_of_a_document_are_read() -> None:
    assert Catalogue([TOOL]).names == Catalogue({"tools": [TOOL]}).names == ["zoom"]


def test_a_call_is_held_against_the_schema() -> None:
    catalogue = Catalogue([TOOL])
    assert catalogue.error("zoom", {"by": 2}) == ""
    assert "by" in catalogue.error("zoom", {})
    assert "zoom.by" in catalogue.error("zoom", {"by": "2"})
    assert "no argument 'far'" in catalogue.error("zoom", {"by": 2, "far": 1})
    assert "no tool" in catalogue.error("pan", {})


def test_it_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(Catalogue([TOOL]))).error("zoom", {}) == Catalogue([TOOL]).error("zoom", {})  # noqa: S301


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, "list of tools"),
        ([], "list of tools"),
        ([TOOL, 5], "tool 2"),
        ([TOOL, TOOL], "second one named 'zoom'"),
        ([{"type": "tool"}], "another form"),
        ([changed(name="a b")], "needs a name"),
        ([changed(description=" ")], "needs a description"),
        ([changed(parameters={"type": "string"})], "type object"),
        ([changed(parameters={"type": "object", "properties": 3})], "properties"),
        ([changed(parameters={"type": "object", "properties": {"x": {"type": "figure"}}})], "no JSON schema"),
        ([TOOL] * 513, "more than 512"),
    ],
)
def test_what_is_none_is_refused_with_a_reason(document: object, said: str) -> None:
    with pytest.raises(CatalogueError, match=said):
        Catalogue(document)


@given(
    st.recursive(st.none() | st.integers() | st.text(max_size=8), lambda s: st.lists(s) | st.dictionaries(st.text(), s))
)
def test_any_json_is_read_or_refused(document: object) -> None:
    with pytest.raises(CatalogueError):
        Catalogue(document)
