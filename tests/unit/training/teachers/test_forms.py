from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.campaign.models import ModelSection
from agents.training.sample import Outcome, Reply
from agents.training.teachers.forms import SIMPLER, Forms
from agents.training.troubles import Failure, Trouble

ANSWER = Reply(Outcome.ANSWERED, "{}", "m")
REFUSAL = Failure(Trouble.FORM, "HTTP 400: no such response_format")


def forms(said: list[str] | None = None, **asked: Any) -> Forms:
    return Forms(ModelSection(model="m", **asked), {"d", "e"}, "m at home", (said if said is not None else []).append)


def trouble_of(said: Reply | Failure) -> Trouble:
    assert isinstance(said, Failure)
    return said.trouble


def test_a_form_that_is_refused_is_given_up_for_its_domain_and_told_once() -> None:
    said: list[str] = []
    found = forms(said)
    for form, simpler in SIMPLER.items():
        assert found.of("d") == form
        assert found.learn("d", form, REFUSAL) == found.learn("d", form, REFUSAL) == REFUSAL
        assert found.of("d") == simpler
    assert trouble_of(found.learn("d", "none", REFUSAL)) is Trouble.REQUEST
    assert found.of("e") == "json_schema"
    assert said == [
        "m at home takes no json_schema for d, and is asked with json_object: HTTP 400: no such response_format",
        "m at home takes no json_object for d, and is asked with none: HTTP 400: no such response_format",
    ]


def test_a_form_that_was_answered_once_is_never_given_up() -> None:
    found = forms()
    assert found.learn("d", "json_schema", ANSWER) == ANSWER
    assert trouble_of(found.learn("d", "json_schema", REFUSAL)) is Trouble.REQUEST
    assert found.of("d") == "json_schema"
    assert found.learn("e", "json_schema", REFUSAL) == REFUSAL, "another domain has another schema"


def test_who_was_refused_before_the_form_was_given_up_is_asked_again() -> None:
    found = forms()
    found.learn("d", "json_schema", REFUSAL)
    found.learn("d", "json_schema", ANSWER)
    assert found.learn("d", "json_schema", REFUSAL) == REFUSAL
    assert found.of("d") == "json_object"


def test_a_domain_without_a_schema_has_no_form_to_be_refused() -> None:
    said: list[str] = []
    found = forms(said, structured="json_schema")
    assert found.of("text") == "none"
    assert found.learn("text", "none", REFUSAL) == replace(REFUSAL, trouble=Trouble.REQUEST)
    assert said == []


@pytest.mark.parametrize("first", ["json_schema", "json_object", "none"])
def test_the_first_form_is_the_recipes(first: str) -> None:
    assert forms(structured=first).of("d") == first


@given(
    st.lists(st.tuples(st.sampled_from("de"), st.sampled_from([*SIMPLER, "none"]), st.sampled_from([ANSWER, REFUSAL])))
)
def test_whatever_comes_back_forms_only_become_simpler_and_other_troubles_stay(events: list[Any]) -> None:
    found, order = forms(), [*SIMPLER, "none"]
    for domain, form, said in events:
        before = found.of(domain)
        found.learn(domain, form, said)
        assert order.index(found.of(domain)) - order.index(before) in {0, 1}
        other = Failure(Trouble.SERVER, "HTTP 500")
        assert found.learn(domain, form, other) == other
