from __future__ import annotations

import pytest
from pydantic import ValidationError

from agents.campaign.models import EndpointSection, Lane, ModelSection


@pytest.mark.parametrize(
    "url", ["ftp://x/v1", "127.0.0.1:8000", "http://user:secret@host/v1", "http://", "http://a b/v1", "http://h/?q=1"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="is no address"):
        ModelSection(model="m", base_url=url)
    with pytest.raises(ValidationError, match="is no address"):
        ModelSection.model_validate({"model": "m", "endpoints": [{"base_url": url}]})


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


@pytest.mark.parametrize("key", ["sk-12345678901234567890", "A B", "", "1A", ["A", "b-c"]])
def test_a_key_itself_cannot_be_written_where_its_name_belongs(key: object) -> None:
    with pytest.raises(ValidationError):
        ModelSection.model_validate({"model": "m", "key": key})
