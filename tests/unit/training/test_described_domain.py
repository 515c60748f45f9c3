from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny_run import TinyRun

from agents.campaign.described import DomainSection
from agents.campaign.errors import UsageError
from agents.training.described_domain import DescribedDomain
from agents.training.judge import Order, assess, draft
from agents.training.opinion import combined
from agents.training.rounds import Goal, Slot
from agents.training.sample import Cell, Judgement, Message, Outcome, Reply, SourceItem
from agents.training.sources.piece import Piece
from agents.training.teachers import Request

SCHEMA = {
    "type": "object",
    "properties": {"question": {"type": "string"}, "answer": {"type": "string"}},
    "required": ["question", "answer"],
}
TEXT = "The keeper of house 4711 counted 30 lamps in 1905, and wrote the number into the book of the Northern Light."
GOOD = {
    "question": "What did the keeper of house 4711 count?",
    "answer": "The keeper counted 30 lamps in 1905 and wrote it down.",
}


def pieces(count: int = 20, source: int = 0) -> list[Piece]:
    return [
        Piece(f"{TEXT} Entry {n + 100}.", f"s{source}.md#{n}", f"s{source}.md", source, "own", "", {"n": n})
        for n in range(count)
    ]


def described(texts: Sequence[Piece] | None = None, sources: int = 1, **changes: Any) -> DescribedDomain:
    section = {
        "weight": 1.0,
        "sources": [{"files": ["*.md"], "licence": "own"}] * sources,
        "prompt": {"system": "You ask.", "user": ["Ask about: {{ text }}", "One question on {{ name }}: {{ text }}"]},
        "answer": {"json_schema": SCHEMA},
        **changes,
    }
    return DescribedDomain("notes", DomainSection.model_validate(section), pieces() if texts is None else texts)


def items(domain: DescribedDomain, count: int = 20, seed: int = 1) -> list[SourceItem]:
    (cell,) = domain.cells()
    return [domain.item(cell, index, seed) for index in range(count)]


def answered(document: Any) -> str:
    return orjson.dumps(document).decode()


def judged(domain: DescribedDomain, item: SourceItem, answer: str) -> Judgement:
    return domain.judge(item, domain.prompt(item, 0), answer)


def test_every_source_with_texts_is_a_cell() -> None:
    domain = described([*pieces(3, 0), *pieces(4, 2)], sources=3)
    assert list(domain.cells()) == [Cell("source1", 1), Cell("source3", 1)]
    assert domain.capacity() == 7


def test_each_text_comes_once_in_an_order_that_the_seed_shuffles() -> None:
    domain = described()
    first, second = items(domain), items(domain, seed=2)
    assert len({item.id for item in first}) == 20
    assert {item.params["name"] for item in first} == {piece.name for piece in pieces()}
    assert first != second
    assert {item.id for item in first} == {item.id for item in second}
    assert first != [items(domain, 21)[20]], "it begins anew"
    assert items(domain, 21)[20] == first[0]


def test_several_samples_of_a_text_are_several_items() -> None:
    domain = described(samples_per_item=3, prompt={"user": "Question {{ take }} on {{ text }}"})
    assert domain.capacity() == 60
    every = items(domain, 60)
    assert len({item.id for item in every}) == 60
    assert {item.params["take"] for item in every} == {1, 2, 3}
    assert any(message.content.startswith("Question 3 on") for item in every for message in domain.prompt(item, 0))


def test_an_item_survives_its_storage_and_a_worker() -> None:
    domain = described()
    for item in items(domain, 3):
        assert orjson.loads(orjson.dumps(dict(item.params))) == dict(item.params)
        travelled = pickle.loads(pickle.dumps(domain))  # noqa: S301 -- our own bytes
        assert travelled.item(item.cell, 0, 1) == domain.item(item.cell, 0, 1)
        assert travelled.prompt(item, 1) == domain.prompt(item, 1)
        assert judged(travelled, item, answered(GOOD)) == domain.judge(item, domain.prompt(item, 0), answered(GOOD))


def test_phrasings_are_drawn_by_the_variant() -> None:
    domain = described()
    item = items(domain, 1)[0]
    system, user = domain.prompt(item, 0)
    assert system == Message("system", "You ask.")
    assert user.content.startswith("Ask about: The keeper")
    assert domain.prompt(item, 1)[-1].content.startswith("One question on s0.md#")
    assert domain.prompt(item, 2) == domain.prompt(item, 0)
    assert [message.role for message in described(prompt={"user": "{{ text }}"}).prompt(item, 0)] == ["user"]


def test_columns_of_a_row_can_be_named() -> None:
    domain = described(prompt={"user": "{{ n }}: {{ text }} ({{ licence }})"})
    item = items(domain, 1)[0]
    assert domain.prompt(item, 0)[0].content.startswith(f"{item.params['columns']['n']}: The keeper")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"prompt": {"user": "{{ titel }}"}}, r"domains\.notes\.prompt\.user: 'titel' is undefined"),
        ({"prompt": {"user": "{% if %}"}}, r"domains\.notes\.prompt\.user is no template \(line 1\)"),
        ({"prompt": {"system": "{{ x }}", "user": "u"}}, r"domains\.notes\.prompt\.system"),
        ({"answer": {"json_schema": {"type": "objekt"}}}, "schema"),
        ({"answer": {"sample": {"user": "{{", "assistant": "a"}}}, r"domains\.notes\.answer\.sample\.user"),
        ({"checks": {"language": {"language": "xx"}}}, "xx"),
    ],
)
def test_what_could_never_work_is_refused_before_anything_is_asked(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        described(**changes)
    assert caught.value.cure


def test_a_good_answer_is_a_sample_with_the_question_of_the_answer() -> None:
    domain = described()
    found = judged(domain, items(domain, 1)[0], answered(GOOD))
    assert found.quality > 0.9
    assert found.sample == (Message("user", GOOD["question"]), Message("assistant", GOOD["answer"]))
    assert found.referral is None


@pytest.mark.parametrize(
    ("answer", "check"),
    [
        ("", "form"),
        ("I would rather talk about lamps in general, without any JSON at all.", "form"),
        (answered(GOOD)[:60], "form"),
        (answered({"question": "What?"}), "form"),
        (answered({**GOOD, "answer": "I'm sorry, but I can't help with that request at all."}), "refusal"),
        (answered({**GOOD, "answer": "Lamps."}), "length"),
    ],
)
def test_a_bad_answer_is_worth_nothing_and_says_why(answer: str, check: str) -> None:
    domain = described()
    found = judged(domain, items(domain, 1)[0], answer)
    assert found.quality == 0.0
    assert min(found.checks, key=lambda one: one.score).name == check


def test_invented_names_and_numbers_are_worth_less() -> None:
    domain = described()
    item = items(domain, 1)[0]
    invented = {**GOOD, "answer": "The keeper Ludovico counted 99 boats in 1777 and sold them in Valparaiso."}
    assert judged(domain, item, answered(invented)).quality < judged(domain, item, answered(GOOD)).quality - 0.1


def test_a_sample_may_be_made_by_templates() -> None:
    sample = {"system": "Tutor.", "user": "{{ question }} ({{ name }})", "assistant": "{{ answer }}"}
    domain = described(answer={"json_schema": SCHEMA, "sample": sample})
    item = items(domain, 1)[0]
    made = judged(domain, item, answered(GOOD)).sample
    assert made is not None
    assert [message.role for message in made] == ["system", "user", "assistant"]
    assert made[1].content == f"{GOOD['question']} ({item.params['name']})"
    assert made[2].content == GOOD["answer"], "a key of the answer wins over the whole of it"


@pytest.mark.parametrize("schema", [SCHEMA, None])
def test_a_sample_that_cannot_be_made_is_a_bad_answer_and_no_fault(schema: Any) -> None:
    sample = {"user": "What?", "assistant": "{{ answer.split('ANSWER:')[1] }}"}
    domain = described(answer={"json_schema": schema, "sample": sample})
    item = items(domain, 1)[0]
    bad = judged(domain, item, answered(GOOD) if schema else "The keeper counted 30 lamps.")
    assert (bad.quality, bad.sample, bad.checks[0].name) == (0.0, None, "form")
    if schema is None:
        good = judged(domain, item, "Thinking. ANSWER: the keeper counted 30 lamps.")
        assert good.sample is not None
        assert good.sample[-1].content == "the keeper counted 30 lamps."


def test_a_sample_that_no_answer_could_make_is_refused_before_anything_is_asked() -> None:
    strict = {**SCHEMA, "additionalProperties": False}
    for text in ("{{ outptu }}", "{{ question }} {{ hint.text }}"):
        with pytest.raises(UsageError, match=r"answer\.sample\.assistant: '(outptu|hint)' is undefined"):
            described(answer={"json_schema": strict, "sample": {"user": "u", "assistant": text}})
    asks = "{{ hint | default('none') }}{% if more is defined %}{{ more }}{% endif %}{{ name }}"
    described(answer={"json_schema": strict, "sample": {"user": "u", "assistant": asks}})


def test_a_row_that_lacks_a_column_of_the_prompt_is_refused_by_its_name() -> None:
    texts = [*pieces(3), Piece("Another text about a lamp.", "data.jsonl:4", "g", 0, "own", "", {})]
    with pytest.raises(UsageError, match=r"'n' is undefined \(for data\.jsonl:4\)"):
        described(texts, prompt={"user": "{{ n }} {{ text }}"})


def test_columns_win_over_what_every_item_has() -> None:
    texts = [Piece(TEXT, "data.jsonl:1", "g", 0, None, "", {"name": "Ada", "text": "no"})]
    domain = described(texts, prompt={"user": "{{ name }} {{ text }} {{ licence }}"})
    assert domain.prompt(items(domain, 1)[0], 0)[0].content == f"Ada {TEXT}"


def test_a_judge_is_shown_the_task_that_was_really_asked() -> None:
    domain = described(answer=None, judge={"model": "critic", "rubric": "r"})
    item = items(domain, 1)[0]
    prompt = domain.prompt(item, 1)
    found = domain.judge(item, prompt, "The keeper of house 4711 counted 30 lamps in 1905.")
    assert found.referral is not None
    shown = found.referral.question[1].content
    assert "One question on s0.md#" in shown
    assert "You ask." in shown
    assert shown.count(item.params["text"]) == 1, "the text itself is shown once, as the source"


def test_a_pilot_may_have_as_many_tickets_as_there_are_texts(tmp_path: Path) -> None:
    class Answers:
        async def answer(self, request: Request) -> Reply:
            return Reply(Outcome.ANSWERED, answered({**GOOD, "question": f"{request.ticket.item.id}?"}), "m")

    goal = Goal("p", "pilot", 20, 7, {"notes": 1.0}, 20, active=False, shuffled=frozenset({"notes"}))
    run = TinyRun(tmp_path / "ledger.sqlite", goal, domains={"notes": described()}, teacher=lambda _: Answers())  # type: ignore[dict-item]
    assert run.go().is_complete


def test_a_sample_that_names_what_an_answer_lacks_is_no_sample() -> None:
    sample = {"user": "{{ question }}", "assistant": "{{ hint }}"}
    domain = described(answer={"json_schema": SCHEMA, "sample": sample})
    found = judged(domain, items(domain, 1)[0], answered(GOOD))
    assert (found.quality, found.sample) == (0.0, None)
    assert "hint" in found.checks[0].detail


def test_text_answers_the_prompt_as_it_is() -> None:
    domain = described(answer=None, prompt={"user": "Sum up: {{ text }}"})
    found = domain.judge(
        first := items(domain, 1)[0], domain.prompt(first, 0), "In 1905 the keeper of house 4711 counted 30 lamps."
    )
    assert found.sample is None
    assert found.quality > 0.9
    templated = described(answer={"sample": {"user": "What happened?", "assistant": "{{ answer }}"}})
    made = templated.judge(
        first := items(templated, 1)[0], templated.prompt(first, 0), " The keeper counted 30 lamps. "
    ).sample
    assert made == (Message("user", "What happened?"), Message("assistant", "The keeper counted 30 lamps."))


def test_what_passed_is_referred_to_a_judge_and_what_failed_is_not() -> None:
    domain = described(judge={"model": "critic", "rubric": "Be strict.", "weight": 5.0})
    item = items(domain, 1)[0]
    found = judged(domain, item, answered(GOOD))
    assert found.referral is not None
    assert found.referral.share == pytest.approx(5 / (5 + 5))
    assert "Be strict." in found.referral.question[0].content
    assert TEXT in found.referral.question[1].content
    assert combined(found, '{"score": 1, "reason": "wrong"}').quality == pytest.approx(found.quality / 2)
    assert judged(domain, item, "nothing").referral is None


def test_a_changed_text_is_another_version_and_so_is_another_order() -> None:
    texts = pieces()
    assert described(texts).version == described(list(texts)).version
    assert described(texts[1:]).version != described(texts).version


def test_samples_that_say_the_same_are_found_whatever_text_they_come_from() -> None:
    domain = described()
    domains = {"notes": domain}
    (cell,) = domain.cells()
    drafts = [draft(domains, Order("run", 1, Slot("notes", cell, index, 0))) for index in (0, 1)]
    found = [assess(domains, (one.item, one.prompt, answered(GOOD))) for one in drafts]
    assert found[0].trace == found[1].trace
    assert drafts[0].item_id != drafts[1].item_id


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=400))
def test_no_text_breaks_the_judging(text: str) -> None:
    domain = described()
    item = items(domain, 1)[0]
    for answer in (text, answered({"question": text, "answer": text})):
        found = judged(domain, item, answer)
        assert 0.0 <= found.quality <= 1.0
