from __future__ import annotations

from typing import Any

import pytest

from agents.campaign.described import PolicySection, SourceSection
from agents.campaign.errors import UsageError
from agents.training.sources.policy import refuse_unlicensed


def source(**keys: Any) -> SourceSection:
    return SourceSection(**{"files": ("notes/*.md", "more.md"), **keys})


@pytest.mark.parametrize("licence", ["own", "MIT", "mit", " Apache-2.0 ", "CC-BY-SA-4.0"])
def test_allowed_licences_pass(licence: str) -> None:
    refuse_unlicensed([source(licence=licence)], PolicySection())


def test_spaces_around_a_licence_of_the_policy_do_not_count() -> None:
    refuse_unlicensed([source(licence="My-Licence")], PolicySection(licences=("own", " My-Licence ")))


def test_a_licence_that_is_not_allowed_is_named_with_those_that_are() -> None:
    sources = [source(licence="own"), source(files=None, hub="them/data", licence="GPL-3.0-only")]
    with pytest.raises(UsageError, match=r"source them/data has the licence GPL-3.0-only") as caught:
        refuse_unlicensed(sources, PolicySection(licences=("own", "MIT")))
    assert caught.value.cure.endswith("allowed are: own, MIT")


def test_a_source_without_a_licence_is_refused_unless_the_policy_allows_it() -> None:
    with pytest.raises(UsageError, match=r"source notes/\*.md, more.md names no licence") as caught:
        refuse_unlicensed([source()], PolicySection())
    assert "own, CC0-1.0" in caught.value.cure
    refuse_unlicensed([source()], PolicySection(unlicensed="allow"))


def test_a_licence_is_looked_at_even_where_none_may_be_missing() -> None:
    with pytest.raises(UsageError, match="allowed"):
        refuse_unlicensed([source(licence="secret")], PolicySection(unlicensed="allow", licences=()))
