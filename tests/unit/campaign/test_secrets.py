from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.campaign.secrets import hidden, holders, is_like_key

letters = st.text("abcXYZ0123456789", min_size=16, max_size=60)


@given(st.sampled_from(["sk-", "sk-proj-", "gsk_", "hf_", "xai-", "nvapi-", "AIza"]), letters, st.text())
def test_keys_are_hidden_wherever_they_stand(prefix: str, rest: str, around: str) -> None:
    assert rest not in hidden(f"{around} '{prefix}{rest}' {around}").replace(around, "")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://joe:hunter2@127.0.0.1:8000/v1", "http://[hidden]@127.0.0.1:8000/v1"),
        ("'http://h?key=hunter2&a=b'", "'http://h?[hidden]&[hidden]'"),
        ("api_key: hunter2", "[hidden]"),
        ("Authorization: Basic aGk=", "[hidden]"),
        ("a" * 31 + "1 " + "b1" * 16, "[hidden] [hidden]"),
    ],
)
def test_what_surrounds_a_secret_stays(text: str, shown: str) -> None:
    assert hidden(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        *("http://127.0.0.1:8000/v1", "skeleton of a key", "OPENAI_API_KEY", "risk-averse people", "5", "{target}"),
        *("a-name-of-many-parts-and-many-more-words", "notes/**/*.md", "What? a = b", ""),
    ],
)
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert hidden(text) == text
    assert not is_like_key(text)


@given(st.text())
def test_any_text_can_be_shown(text: str) -> None:
    assert len(hidden(text)) <= len(text) + 8 * len(text)
    assert hidden(hidden(text)) == hidden(text)


def test_holders_are_found_however_deep() -> None:
    document = {"a": [{"b": {"token": "x"}}, "y"], "password": 1, "c": ("sk-abcdefgh12",)}
    assert list(holders(document)) == ["token", "password", "c"]
    assert list(holders(["x", 5, None])) == []
