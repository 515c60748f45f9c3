"""Previews and inspections of recipes, against a model of this process that speaks the protocol."""

from __future__ import annotations

import asyncio
import shlex
from pathlib import Path
from typing import Any
from unicodedata import category

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st
from own_data import ADDRESS, NOW, listening, notes_recipe, plan_of, previewed, write_data

from agents.campaign.clock import SystemClock
from agents.campaign.errors import ExitCode, PausedError, UsageError
from agents.campaign.home import Home
from agents.campaign.plan import plan_for
from agents.training import previewing
from agents.training.inspection import inspect, inspection_text
from agents.training.judge import Verdict
from agents.training.preflight import prepare
from agents.training.preview import Call, Preview, Shown, total
from agents.training.preview_page import amount, duration, preview_text, visible
from agents.training.previewing import make_preview, of_candidate
from agents.training.sample import Cell, Check, Message, Outcome, Reply, SourceItem, Ticket

SAME_FOR_ALL = '    prompt: {user: "Say something that is true."}\n    samples_per_item: 3\n    answer:'
JUDGED = """\
    judge: {model: critic, rubric: It is right., at_least: 0.5}
models:
  critic: {model: critic-1, base_url: CRITIC, input_price: 1, output_price: 2, max_tokens: 100}
"""
CANDIDATES = """
candidates:
  warm: {teacher: {kind: chat, model: writer}}
  made: {teacher: {kind: procedural}}
domains: {asm: {weight: 1.0}}
models: {writer: {model: some-model, base_url: http://127.0.0.1:8000/v1}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_data(tmp_path)
    return tmp_path


# Making one.


def test_a_preview_shows_tickets_of_the_pilot_whole_and_writes_nothing(folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    preview, stand_in = previewed(folder, notes_recipe())

    assert sorted(folder.rglob("*")) == sorted([*before, folder / "recipe.yaml"])
    assert (len(preview.shown), preview.accepted, preview.wanted, stand_in.answered) == (5, 5, 5, 5)
    assert len({shown.ticket.item.id for shown in preview.shown}) == 5
    for shown in preview.shown:
        assert [message.role for message in shown.prompt] == ["system", "user"]
        assert shown.ticket.item.params["text"] in shown.prompt[1].content
        said = orjson.loads(shown.answer.reply.text)
        assert shown.sample == (Message("user", said["instruction"]), Message("assistant", said["output"]))
        assert {check.name for check in shown.verdict.checks} >= {"length", "grounding"}
        assert shown.source.startswith("notes/islands.md#Island ")
        assert shown.opinion is None
    stats = stand_in.stats()
    spent = (0.15 * stats["prompt_tokens"] + 0.60 * stats["completion_tokens"]) / 1e6
    assert preview.cost == pytest.approx(spent)
    assert preview.pilot_cost == pytest.approx(spent / 5 * 60)
    assert preview.document()["tokens_in"] == stats["prompt_tokens"]


def test_the_same_recipe_shows_the_same_tickets_and_another_offset_others(folder: Path) -> None:
    first, again, other = (
        [shown.ticket.item.id for shown in previewed(folder, notes_recipe(), 3, offset)[0].shown]
        for offset in (0, 0, 1)
    )
    assert first == again
    assert first != other


def test_what_repeats_another_one_is_told(folder: Path) -> None:
    text = notes_recipe(answer=SAME_FOR_ALL)
    start, end = text.index("    samples_per_item: 2"), text.index(SAME_FOR_ALL)
    preview, _ = previewed(folder, text[:start] + text[end:], 3)
    assert [(shown.verdict.state, shown.verdict.twin) for shown in preview.shown] == [
        ("accepted", None),
        ("rejected", 0),
        ("rejected", 0),
    ]
    assert preview_text(preview).count("quality 1.00: duplicate of 1\n") == 2


def test_where_there_are_not_enough_texts_fewer_are_shown(folder: Path) -> None:
    (folder / "notes" / "islands.md").write_text("# One\n\n" + "A single note about lighthouses. " * 3)
    preview, _ = previewed(folder, notes_recipe(samples_per_item="    samples_per_item: 1"))
    assert (len(preview.shown), preview.wanted) == (1, 5)
    assert "There are no more: 4 of 5 could not be drawn." in preview_text(preview)


def test_a_batch_teachers_model_is_asked_at_once(folder: Path) -> None:
    text = notes_recipe().replace("kind: chat ", "kind: batch ")
    preview, stand_in = previewed(folder, text, 2)
    assert stand_in.stats()["by_status"] == {"200": 2}
    assert preview.pilot_seconds is None
    assert "a pilot of 60 would take up to a day, in batches" in preview_text(preview)


def test_calls_are_not_more_at_once_than_the_recipe_allows(folder: Path) -> None:
    _, stand_in = previewed(folder, notes_recipe(in_flight="  in_flight: 2"), 7, latency=0.01)
    assert stand_in.stats()["most_at_once"] <= 2


def test_the_procedural_teacher_costs_nothing(tmp_path: Path) -> None:
    preview, _ = previewed(tmp_path, "teacher: {fault_rate: 0.0}", 3)
    assert (preview.accepted, preview.is_paid, preview.document()["cost"]) == (3, False, 0.0)
    text = preview_text(preview)
    assert "domain asm, from " in text
    assert "spent" not in text
    assert "tokens" not in text


def test_without_prices_the_cost_is_unknown(folder: Path) -> None:
    lines = notes_recipe(input_price="", max_cost="  min_free_gb: 0").splitlines()
    preview, _ = previewed(folder, "\n".join(line for line in lines if "output_price" not in line), 1)
    assert (preview.cost, preview.pilot_cost) == (None, None)
    assert "cost unknown" in preview_text(preview)


@pytest.mark.parametrize(
    ("fault", "reason", "has_sample"),
    [("empty", "reply empty", False), ("refusal", "check form", False), ("malformed", None, True)],
)
def test_a_bad_answer_is_shown_and_not_raised(folder: Path, fault: str, reason: str | None, has_sample: bool) -> None:
    preview, _ = previewed(folder, notes_recipe(), 2, faults={fault: 1.0})
    for shown in preview.shown:
        assert reason in {None, shown.verdict.reason}
        assert reason is None or (shown.verdict.quality, shown.is_accepted) == (0.0, False)
    assert preview_text(preview).count("checks:") == (2 if fault != "empty" else 0)
    assert has_sample or preview.accepted == 0


@pytest.mark.parametrize(
    ("knobs", "told"), [({"key": "right"}, "key"), ({"quota": 1}, "quota"), ({"model": "another"}, "model")], ids=str
)
def test_what_a_person_must_mend_is_told_with_its_cure(folder: Path, knobs: dict[str, Any], told: str) -> None:
    with pytest.raises(PausedError, match=told) as paused:
        previewed(folder, notes_recipe(), 3, own_key="wrong", **knobs)
    assert paused.value.cure
    assert paused.value.exit_code is ExitCode.PAUSED


def test_a_server_that_only_refuses_for_rate_is_waited_for_in_bounds_and_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previewing, "SILENCE_SECONDS", 0.2)
    text = notes_recipe(temperature="    timeout_seconds: 0.1")
    heard: list[str] = []
    with pytest.raises(PausedError, match=r"nothing came back for 0\.3 s, with 0 of 3 samples there") as paused:
        previewed(folder, text, 3, say=heard.append, faults={"429": 1.0})
    assert "refuses for rate" in paused.value.cure
    (said,) = heard
    assert "is asked more slowly" in said
    assert "HTTP 429" in said


def test_a_slow_model_is_waited_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previewing, "SILENCE_SECONDS", 0.2)
    text = notes_recipe(temperature="    timeout_seconds: 0.8", in_flight="  in_flight: 1")
    preview, _ = previewed(folder, text, 5, latency=0.3)
    assert len(preview.shown) == 5


def test_the_cap_of_the_recipe_holds(folder: Path) -> None:
    with pytest.raises(PausedError, match=r"guards\.max_cost allows 0\.001"):
        previewed(folder, notes_recipe(max_cost="  max_cost: 0.001"), 5)


def test_a_template_that_names_what_an_item_lacks_is_refused_before_anything_is_paid(folder: Path) -> None:
    text = notes_recipe().replace("{{ take }}", "{{ number }}")
    with pytest.raises(UsageError, match=r"domains\.notes\.prompt\.user.*number"):
        previewed(folder, text)


def test_of_a_recipe_with_candidates_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(CANDIDATES)
    plan = plan_for({}, tmp_path / "recipe.yaml", {})
    assert of_candidate(plan, "made").recipe.teacher.kind == "procedural"
    with pytest.raises(UsageError, match="only one of them") as refused:
        of_candidate(plan, None)
    assert "warm, made" in refused.value.cure
    plain = plan_for({}, None, {})
    assert of_candidate(plain, None) is plain
    with pytest.raises(UsageError, match="has no candidates") as refused:
        of_candidate(plain, "made")
    assert refused.value.cure == "leave --candidate out"


# A judge.


@pytest.mark.parametrize(
    ("opinion", "accepted", "check"),
    [
        ('{"reason": "It is in the source.", "score": 5}', 2, "ok   judge 1.00 It is in the source."),
        ('{"reason": "It is made up.", "score": 1}', 0, "FAIL judge 0.00 It is made up."),
        ("I like it.", 0, "FAIL judge 0.00 the opinion of the judge cannot be read"),
    ],
    ids=["good", "bad", "unreadable"],
)
def test_the_judge_is_asked_and_paid(folder: Path, opinion: str, accepted: int, check: str) -> None:
    preview, asked = judged(folder, opinion)
    text = preview_text(preview)
    assert (len(asked), preview.accepted) == (2, accepted)
    assert all(b"It is right." in question for question in asked)
    assert text.count(check) == 2
    assert text.count(f"what the judge said:\n    {opinion}") == 2
    for shown in preview.shown:
        assert shown.opinion is not None
        assert shown.opinion.cost == pytest.approx((1 * 1000 + 2 * 500) / 1e6)
    assert preview.cost is not None
    assert preview.cost > 2 * 0.002


def judged(folder: Path, opinion: str) -> tuple[Preview, list[bytes]]:
    """Return the preview of two notes whose judge always says ``opinion``, and what it was asked."""
    asked: list[bytes] = []

    async def judge(request: web.Request) -> web.Response:
        asked.append(await request.read())
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": opinion}}
        usage = {"prompt_tokens": 1000, "completion_tokens": 500}
        return web.json_response({"model": "critic-1", "choices": [choice], "usage": usage})

    async def run() -> Preview:
        critic = web.Application()
        critic.add_routes([web.post("/v1/chat/completions", judge)])
        async with TestServer(critic) as server, listening() as (address, _):
            text = notes_recipe(models=JUDGED.replace("CRITIC", str(server.make_url("/v1"))).rstrip())
            prepared = prepare(plan_of(folder, text, address), "pilot", None, Home(folder / "context"), NOW)
            return await make_preview(prepared, 2, 0, {}, SystemClock(), say=print, progressed=print)

    return asyncio.run(run()), asked


# The page.


@given(st.text())
def test_nothing_that_is_shown_drives_a_terminal(text: str) -> None:
    shown = visible(text)
    assert all(char.isprintable() or char == "\n" or category(char) == "Zs" for char in shown)
    assert shown.count("\n") == text.count("\n")


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_what_can_be_printed_is_shown_as_it_is(text: str) -> None:
    assert visible(text) == text


def test_escapes_of_terminals_and_markup_are_shown_as_text() -> None:
    assert visible("a\x1b[31mb\tc\r\nd\u202ee\rf") == "a\\x1b[31mb  c\nd\\u202ee\\rf"
    page = preview_text(Preview((one(answer="[bold]\x1b[2J\x07"),), 1, 190, 8, is_paid=True))
    assert "[bold]\\x1b[2J\\x07" in page


def test_a_text_cannot_pretend_to_be_another_sample() -> None:
    page = preview_text(
        Preview((one(answer="fine\n2 of 2: would be accepted, quality 1.00"),), 1, 190, 8, is_paid=True)
    )
    assert [line for line in page.splitlines() if line.startswith("2 of 2")] == []


def test_the_last_line_has_the_figures() -> None:
    shown = (one(), one(quality=0.5, cost=None))
    known, unknown = (Preview(those, len(those), 190, 10, is_paid=True) for those in (shown[:1], shown))
    assert preview_text(known).splitlines()[-1] == (
        "1 of 1 would be accepted; mean quality 0.90; 1,234 tokens in, 56 out; 0.0012 spent; "
        "a pilot of 190 would take about 38 s and cost about 0.23"
    )
    assert preview_text(unknown).splitlines()[-1] == (
        "1 of 2 would be accepted; mean quality 0.70; 2,468 tokens in, 112 out; cost unknown; "
        "a pilot of 190 would take about 38 s"
    )
    assert unknown.document()["pilot"] == {"tickets": 190, "seconds": 38.0, "cost": None}


def test_a_document_can_be_written_as_json() -> None:
    preview = Preview((one(),), 1, 190, None, is_paid=True)
    document = orjson.loads(orjson.dumps(preview.document()))
    (sample,) = document["samples"]
    told = [sample[key] for key in ("seq", "domain", "source", "state")]
    assert told == [0, "notes", "a.md#One", "accepted"]
    assert sample["checks"] == [{"name": "length", "score": 1.0, "detail": "fine"}]
    assert document["pilot"]["seconds"] is None


def one(quality: float = 0.9, cost: float | None = 0.00123, answer: str = "An answer.") -> Shown:
    item = SourceItem("notes", Cell("source1", 1), {"name": "a.md#One", "text": "?"})
    reply = Reply(Outcome.ANSWERED, answer, "some-model", 1234, 56)
    verdict = Verdict("accepted" if quality >= 0.7 else "rejected", quality, None, (Check("length", 1.0, "fine"),))
    prompt = (Message("user", "?"),)
    sample = (*prompt, Message("assistant", answer))
    return Shown(Ticket("pilot", 0, item), prompt, Call(reply, 2.0, cost), None, sample, verdict)


def test_a_sum_is_known_only_if_all_of_it_is() -> None:
    assert total([1, 2]) == 3
    assert total([]) == 0
    assert total([1, None]) is None


@given(st.floats(min_value=0.0, max_value=1e9))
def test_an_amount_of_money_never_reads_as_nothing(cost: float) -> None:
    shown = float(amount(cost).replace(",", ""))
    assert shown == pytest.approx(cost, rel=0.06)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.04, "less than 0.1 s"), (9.94, "9.9 s"), (75, "75 s"), (240, "4 min"), (9_000, "2 h")]
)
def test_durations_are_told_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


# Inspecting.


def test_an_inspection_tells_texts_models_and_shortages(folder: Path) -> None:
    text = notes_recipe(samples_per_item="    samples_per_item: 3")
    (folder / "notes" / "more.md").write_text("# Short\n\nNo.\n")
    plan = plan_of(folder, text)

    document = inspect(plan, Home(folder / "context"), {}, NOW)

    (domain,), (model,) = document["domains"], document["models"]
    assert (domain["texts"], domain["capacity"], domain["left_out"]) == (12, 36, {"too short": 1})
    assert (domain["owes"], domain["needs"]) == (200, 400)
    assert domain["sources"] == [
        {"place": "notes/**/*.md", "files": 2, "kind": "markdown", "licence": "own", "provenance": "my notes"}
    ]
    assert (model["roles"], model["addresses"], model["keys"]) == (["chat teacher"], [ADDRESS], [])
    assert [warning.partition(" samples")[0] for warning in document["warnings"]] == ["domain notes can give 36"]
    assert [obstacle.partition(", and")[0] for obstacle in document["obstacles"]] == ["notes has 36 items"] * 2
    page = inspection_text(document)
    assert "domain notes: 36 samples of 12 texts; its pilot has 60 tickets, the campaign owes 200" in page
    assert "left out: 1 too short" in page
    assert page.splitlines()[-1] == "not ok: change the recipe as it says, and look again"
    enough = plan_of(folder, text.replace("target: 200", "target: 12").replace("tickets: 60", "tickets: 30")
                     .replace("min_samples: 50", "min_samples: 30"))  # fmt: skip
    after = plan_of(
        folder, f"{notes_recipe()}\nafter_campaign: [export, transfer]\ndatasets: {{mine: {{domains: [notes]}}}}\n"
    )
    found = inspect(after, Home(folder / "context"), {"PATH": str(folder)}, NOW)["warnings"]
    assert any(warning.startswith("after the campaign, transfer: ") for warning in found)
    page = inspection_text(inspect(enough, Home(folder / "context"), {}, NOW))
    assert f"campaign preview --recipe {shlex.quote(str(plan.recipe_path))}" in page.splitlines()[-1]
    assert not (folder / "context").exists()


def test_an_inspection_names_keys_and_never_shows_one(folder: Path) -> None:
    document = inspect(plan_of(folder, notes_recipe()), Home(folder), {"OPENAI_API_KEY": "sk-secret"}, NOW)
    assert document["models"][0]["keys"] == ["OPENAI_API_KEY"]
    assert "with the key of OPENAI_API_KEY" in inspection_text(document)
    assert "sk-secret" not in str(document)


def test_an_inspection_wants_the_keys_of_all_models(folder: Path) -> None:
    text = notes_recipe(models=JUDGED.replace("CRITIC", "https://models.example.org/v1").rstrip())
    with pytest.raises(UsageError, match="OPENAI_API_KEY is not set"):
        inspect(plan_of(folder, text), Home(folder), {}, NOW)


def test_an_inspection_has_the_models_of_every_candidate(tmp_path: Path) -> None:
    document = inspect(plan_of(tmp_path, CANDIDATES), Home(tmp_path), {}, NOW)
    assert [model["alias"] for model in document["models"]] == ["writer"]
    assert "domain asm, built in: items without end" in inspection_text(document)
    assert "price unknown" in inspection_text(document)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("licence: own ", "licence: CC-BY-NC-4.0 ", "not allowed"),
        ("notes/**/*.md", "nothing/*.md", "matches no file"),
        ("type: object", "type: thing", "the schema of the answer is none"),
        ("{{ text }}", "{{ text", "is no template"),
    ],
)
def test_an_inspection_refuses_what_cannot_be_used(folder: Path, old: str, new: str, words: str) -> None:
    text = notes_recipe()
    assert old in text
    with pytest.raises(UsageError, match=words):
        inspect(plan_of(folder, text.replace(old, new)), Home(folder), {}, NOW)
