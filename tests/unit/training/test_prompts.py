from __future__ import annotations

import contextlib
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.campaign.errors import UsageError
from agents.training.prompts import Prompt


@pytest.mark.parametrize(
    ("source", "values", "expected"),
    [
        ("Explain this: {{ text }}", {"text": "LDA #$01"}, "Explain this: LDA #$01"),
        ("{% for tag in tags %}{{ tag }} {% endfor %}", {"tags": ["a", "b"]}, "a b"),
        ("{% if licence == 'MIT' %}free{% else %}not{% endif %}", {"licence": "MIT"}, "free"),
        ("  spaced \n", {}, "spaced"),
        ("{{ text }}", {"text": "{{ 7 * 7 }} <b>&amp;</b>"}, "{{ 7 * 7 }} <b>&amp;</b>"),
        ("", {}, ""),
    ],
)
def test_templates_are_filled_in_and_texts_are_only_text(source: str, values: dict[str, Any], expected: str) -> None:
    assert Prompt("p", source).filled(values) == expected


@pytest.mark.parametrize("source", ["{{ text", "{% for %}", "{% include 'x' %}{{", "{{ text | nothing_like_that }}"])
def test_what_is_no_template_is_refused_with_its_key(source: str) -> None:
    with pytest.raises(UsageError, match=r"domains\.notes\.prompt\.user"):
        Prompt("domains.notes.prompt.user", source)


@pytest.mark.parametrize(
    "source",
    [
        "{{ nothing }}",
        "{{ text.nothing.more }}",
        "{{ 1 / 0 }}",
        "{{ text + 1 }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ tags.append('x') }}",
        "{{ cycler.__init__.__globals__.os.system('true') }}",
        "{% include 'other' %}",
        "{{ range(100000000) | list }}",
    ],
)
def test_what_cannot_or_may_not_be_done_says_so(source: str) -> None:
    prompt = Prompt("domains.notes.prompt.user", source)
    with pytest.raises(UsageError, match=r"domains\.notes\.prompt\.user"):
        prompt.filled({"text": "t", "tags": ["a"]})


def test_a_name_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(UsageError) as caught:
        Prompt("p", "{{ titel }}").filled({"title": "x", "text": "y"})
    assert "titel" in caught.value.what
    assert "text, title" in caught.value.cure


def test_it_travels_to_a_worker() -> None:
    travelled = pickle.loads(pickle.dumps(Prompt("p", "a {{ b }}")))  # noqa: S301 -- our own bytes
    assert travelled.filled({"b": 1}) == "a 1"


@given(st.text())
def test_no_text_is_taken_for_a_template(text: str) -> None:
    assert Prompt("p", "<{{ text }}>").filled({"text": text}) == f"<{text}>"


@given(st.text())
def test_any_template_is_filled_in_or_refused(source: str) -> None:
    with contextlib.suppress(UsageError):
        assert isinstance(Prompt("p", source).filled({"text": "t"}), str)
