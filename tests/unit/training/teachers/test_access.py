from __future__ import annotations

import pytest

from agents.campaign.errors import UsageError
from agents.campaign.models import EndpointSection, ModelSection
from agents.training.teachers.access import HOSTED, NO_KEY, Access, accesses_of, check_models

LOCAL = "http://127.0.0.1:1/v1"


def test_a_server_of_ones_own_needs_no_key() -> None:
    local = ModelSection(model="m", base_url=LOCAL)
    (access,) = accesses_of(local, {"OPENAI_BASE_URL": "http://other/v1"})
    assert (access.address, access.key, access.url) == (LOCAL, NO_KEY, f"{LOCAL}/chat/completions")
    assert accesses_of(local, {"OPENAI_API_KEY": " k \n"}) == (Access(LOCAL, "OPENAI_API_KEY", "k"),)


def test_a_key_that_a_recipe_names_and_nobody_set_is_missed() -> None:
    told: list[str] = []
    assert accesses_of(ModelSection(model="m", base_url=LOCAL, key="MINE"), {}, told.append) == (Access(LOCAL, ""),)
    assert told == [f"the variable MINE is not set: {LOCAL} is asked without a key"]
    accesses_of(ModelSection(model="m", base_url=LOCAL), {}, told.append)
    assert len(told) == 1, "nobody named the usual one"


def test_without_an_address_it_is_the_variable_and_without_that_the_hosted_one() -> None:
    anywhere = ModelSection(model="m", key="MY_KEY")
    assert accesses_of(anywhere, {"OPENAI_BASE_URL": "http://other/v1/"})[0].url == "http://other/v1/chat/completions"
    assert accesses_of(anywhere, {"MY_KEY": "k"}) == (Access(HOSTED, "MY_KEY", "k"),)
    with pytest.raises(UsageError, match=r"MY_KEY is not set, and https://.* wants a key"):
        accesses_of(anywhere, {"OPENAI_API_KEY": "k", "MY_KEY": " "})


def test_a_variable_that_has_no_address_is_an_error_that_does_not_tell_it() -> None:
    with pytest.raises(UsageError, match="OPENAI_BASE_URL is no address") as caught:
        accesses_of(ModelSection(model="m"), {"OPENAI_BASE_URL": "http://me:s3cret@host/v1"})
    assert "s3cret" not in str(caught.value)


def test_every_address_is_asked_with_every_key_that_is_there() -> None:
    endpoints = (
        EndpointSection(base_url="https://a.example/v1", key=("A", "B", "C", "D")),
        EndpointSection(base_url=LOCAL),
    )
    said: list[str] = []
    found = accesses_of(ModelSection(model="m", endpoints=endpoints), {"A": "1", "C": "3", "D": "1"}, said.append)
    assert [(access.address, access.variable, access.key) for access in found] == [
        ("https://a.example/v1", "A", "1"),
        ("https://a.example/v1", "C", "3"),
        (LOCAL, "", NO_KEY),
    ]
    assert said == ["the variable B is not set: https://a.example/v1 is asked without its key"]
    with pytest.raises(UsageError, match="A or B or C or D is not set"):
        accesses_of(ModelSection(model="m", endpoints=endpoints), {})


@pytest.mark.parametrize("key", ["two words", "línea", "a\nb", "\x00"])
def test_what_is_no_key_is_an_error_that_does_not_tell_it(key: str) -> None:
    with pytest.raises(UsageError, match="OPENAI_API_KEY has characters that no key has") as caught:
        accesses_of(ModelSection(model="m"), {"OPENAI_API_KEY": key})
    assert key not in str(caught.value)


def test_a_key_is_never_shown() -> None:
    access = Access(LOCAL, "MY_KEY", "s3cret")
    assert "s3cret" not in f"{access!r} {access}"
    assert str(access) == f"{LOCAL} with the key of MY_KEY"


def test_models_are_checked_with_their_fallbacks_before_anything_is_asked() -> None:
    models = {
        "own": ModelSection(model="m", base_url=LOCAL, fallbacks=("hosted",)),
        "hosted": ModelSection(model="h", key="THEIR_KEY"),
        "unused": ModelSection(model="u", key="ANOTHER_KEY"),
    }
    check_models(models, ["own"], {"THEIR_KEY": "k"})
    with pytest.raises(UsageError, match="THEIR_KEY is not set"):
        check_models(models, ["own"], {})
