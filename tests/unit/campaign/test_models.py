from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from yarl import URL

from agents.campaign.models import EndpointSection, Lane, ModelSection, checked_address


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://x/v1", "127.0.0.1:8000", "http://user:secret@host/v1", "http://", "http://a b/v1", "http://h/?q=1"),
        *(
            "http://127.0.0.1:80x0/v1",
            "http://127.0.0.1:99999/v1",
            "http://[::1/v1",
            "http://[1:2]/v1",
            "http://::1/v1",
        ),
        *("http://127.0.0.1:8000?key=secret/v1", "http://h#a/v1", "http://h/v1#a", "http://h/@/v1", "http://a..b/v1"),
        *(
            "http://.../v1",
            "http://1.2.3.999/v1",
            "http://h\\x/v1",
            f"http://{'a' * 64}/v1",
            "http://h:/v1",
            "http://:1/v1",
        ),
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="is no address"):
        ModelSection(model="m", base_url=url)
    with pytest.raises(ValidationError, match="is no address"):
        ModelSection.model_validate({"model": "m", "endpoints": [{"base_url": url}]})


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/v1",
        "https://api.example.com/v1/",
        "http://[::1]:80/v1",
        "http://my_gpu.local",
        "http://ü.de/v1",
    ],
)
def test_an_address_is_taken_as_it_is(url: str) -> None:
    assert ModelSection(model="m", base_url=url).base_url == url


@given(st.text("aé1.:[]/?#@\\%_- \n", max_size=20))
def test_what_counts_as_an_address_can_be_asked(text: str) -> None:
    with contextlib.suppress(ValueError):
        asked = URL(str(checked_address(f"http://{text}")))
        assert asked.raw_host
        assert {asked.query_string, asked.fragment, asked.user, asked.password} <= {None, ""}


def test_one_address_and_one_key_are_one_lane() -> None:
    assert ModelSection(model="m").lanes == (Lane(None, "OPENAI_API_KEY"),)
    assert ModelSection(model="m", base_url="http://h/v1", key="K").lanes == (Lane("http://h/v1", "K"),)


def test_every_key_of_every_endpoint_is_a_lane() -> None:
    section = ModelSection.model_validate(
        {
            "model": "m",
            "endpoints": [{"base_url": "http://a/v1", "key": ["ONE", "TWO"]}, {"base_url": "http://b/v1"}],
        }
    )
    assert section.lanes == (
        Lane("http://a/v1", "ONE"),
        Lane("http://a/v1", "TWO"),
        Lane("http://b/v1", "OPENAI_API_KEY"),
    )


def test_a_model_is_in_one_place() -> None:
    endpoints = (EndpointSection(base_url="http://a/v1"),)
    for other in ({"base_url": "http://b/v1"}, {"key": "K"}):
        with pytest.raises(ValidationError, match="leave out base_url and key"):
            ModelSection.model_validate({"model": "m", "endpoints": endpoints, **other})


@pytest.mark.parametrize(
    "name", ["OPENAI_API_KEY", "HF_TOKEN", "hf_token", "key", "K2", "MY_OWN_KEY_FOR_PROJECT_7", "MistralKey"]
)
def test_names_of_variables_are_taken(name: str) -> None:
    assert ModelSection(model="m", key=(name, "K")).lanes == (Lane(None, name), Lane(None, "K"))


@pytest.mark.parametrize(
    "key",
    [
        *("sk-12345678901234567890", "A B", "", "1A", ["A", "b-c"], 5, None, ["A", 5], {"A": "B"}),
        *("gsk_AbCdEfGh12345678AbCd", "hf_abcdefghijklmnopqrst", "AIzaSyAbCdEfGh12345678AbCd", "aB3" * 7, "a1" * 16),
    ],
)
def test_a_key_itself_cannot_be_written_where_its_name_belongs(key: object) -> None:
    with pytest.raises(ValidationError):
        ModelSection.model_validate({"model": "m", "key": key})


@pytest.mark.parametrize(
    "body",
    [
        *({"api_key": "x"}, {"apikey": "x"}, {"X-API-Key": "x"}, {"headers": {"Authorization": "x"}}, {"token": "x"}),
        *({"a": [{"access_token": "x"}]}, {"client_secret": "x"}, {"db-password": "x"}, {"a": "sk-abcdefgh12"}),
        *({"stop": ["x", "gsk_abcdefgh12"]}, {"a": 2**64}, {"a": {1: 2}}, {"a": "\ud800"}),
    ],
    ids=str,
)
def test_a_body_that_holds_a_secret_or_cannot_be_sent_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ModelSection(model="m", extra_body=body)


@pytest.mark.parametrize(
    "body",
    [
        *(
            {"seed": 7},
            {"stop_token_ids": [1]},
            {"max_completion_tokens": 5},
            {"cache_salt": "a1" * 20},
            {"a": {"b": None}},
        ),
        *(
            {"skip_special_tokens": True},
            {"add_bos_token": False},
            {"prompt_cache_key": "notes"},
            {"tokenizer": "risk-averse"},
        ),
    ],
    ids=str,
)
def test_what_servers_want_besides_is_taken(body: dict[str, object]) -> None:
    assert ModelSection(model="m", extra_body=body).extra_body == body
