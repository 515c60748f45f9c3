"""What every domain in the folder promises, whatever it is about."""

from __future__ import annotations

import asyncio
import os
import pickle
from random import Random

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.campaign.recipe import ChecksSection
from agents.training import domains
from agents.training.bench import WorkerBench
from agents.training.domains import Domain
from agents.training.judge import Order, draft
from agents.training.rounds import Slot
from agents.training.sample import Cell, SourceItem

ACCEPT_AT = ChecksSection().accept_at
CELLS = 24
SEED = 65_816


@pytest.fixture(scope="module", params=domains.names())
def domain(request: pytest.FixtureRequest) -> Domain:
    return domains.load(request.param)


@pytest.fixture(scope="module")
def cells(domain: Domain) -> list[Cell]:
    """Cells spread over the whole domain."""
    every = list(domain.cells())
    return every[:: max(1, len(every) // CELLS)]


@pytest.fixture(scope="module")
def items(domain: Domain, cells: list[Cell]) -> list[SourceItem]:
    return [domain.item(cell, index, SEED) for cell in cells for index in (0, 7)]


def test_it_is_named_as_its_folder_and_has_a_version(domain: Domain) -> None:
    assert domain.name in domains.names()
    assert domain.version


def test_its_cells_are_sorted_and_distinct(domain: Domain) -> None:
    assert list(domain.cells()) == sorted(set(domain.cells()))


def test_an_item_survives_its_storage(items: list[SourceItem]) -> None:
    for item in items:
        assert orjson.loads(orjson.dumps(dict(item.params))) == dict(item.params)


def test_an_index_is_an_item(domain: Domain, cells: list[Cell]) -> None:
    ids = {domain.item(cell, index, SEED).id for cell in cells for index in range(10)}
    assert len(ids) >= 0.8 * 10 * len(cells)
    assert all(domain.item(cell, 3, SEED).cell == cell for cell in cells)
    assert domain.item(cells[0], 3, SEED) != domain.item(cells[0], 3, SEED + 1)


def test_its_capacity_is_not_below_what_it_gives(domain: Domain, items: list[SourceItem]) -> None:
    capacity = domain.capacity()
    assert capacity is None or capacity >= len({item.id for item in items})


def test_a_prompt_ends_with_the_user(domain: Domain, items: list[SourceItem]) -> None:
    for item in items:
        prompt = domain.prompt(item, 65_535)
        assert prompt[-1].role == "user"
        assert all(message.content.strip() for message in prompt)


def test_its_own_answers_are_accepted_and_spoiled_ones_are_worse(domain: Domain, items: list[SourceItem]) -> None:
    caught = 0
    for number, item in enumerate(items):
        answer = domain.answer(item, number)
        quality = domain.judge(item, domain.prompt(item, 0), answer).quality
        assert quality >= ACCEPT_AT, f"{item.cell}: {domain.judge(item, domain.prompt(item, 0), answer).checks}"
        spoiled = domain.spoil(item, answer, Random(number))
        assert spoiled != answer
        caught += domain.judge(item, domain.prompt(item, 0), spoiled).quality < min(quality, ACCEPT_AT)
    assert caught >= 0.9 * len(items)


def test_another_process_makes_the_same(domain: Domain, cells: list[Cell], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "4711")
    assert os.environ["PYTHONHASHSEED"] == "4711"
    orders = [Order("run", SEED, Slot(domain.name, cell, 5, 3)) for cell in cells]

    async def elsewhere() -> list[object]:
        async with WorkerBench({domain.name: domain}, 1) as bench:
            return list(await asyncio.gather(*(bench.run(draft, order) for order in orders)))

    assert asyncio.run(elsewhere()) == [draft({domain.name: domain}, order) for order in orders]
    assert pickle.loads(pickle.dumps(domain)).cells() == domain.cells()  # noqa: S301 -- our own


@pytest.mark.parametrize("text", ["", " \n", "I cannot help with that.", "\x00" * 50, "```\n" * 200, "A" * 20_000])
def test_no_answer_at_all_is_never_accepted(domain: Domain, items: list[SourceItem], text: str) -> None:
    for item in items[:: max(1, len(items) // 12)]:
        assert domain.judge(item, domain.prompt(item, 0), text).quality < ACCEPT_AT


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=300), cut=st.integers(0, 400), pick=st.integers(0, 10_000))
def test_any_text_can_be_judged(domain: Domain, items: list[SourceItem], text: str, cut: int, pick: int) -> None:
    item = items[pick % len(items)]
    answer = domain.answer(item, pick)
    for said in (text, answer[:cut] + text + answer[cut:], answer[:cut]):
        assert 0.0 <= domain.judge(item, domain.prompt(item, 0), said).quality <= 1.0
