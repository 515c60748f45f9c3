"""What must be there before a model is asked; tickets are real ones of the domains, datasets of the own exporter."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import orjson
import pytest
from made_run import MadeRun, mixed_samples
from student_world import RUN, row, sample_for, tickets, write_dataset

from agents.campaign.errors import DamagedFileError, UsageError
from agents.campaign.home import Home
from agents.training.domains import load
from agents.training.evaluation.questions import examination
from agents.training.sample import Cell, SourceItem

OWN = """
domains:
  notes: {weight: 1.0, sources: [{files: ["*.md"], licence: own}], prompt: {user: "What says {{ text }}?"}%s}
models: {m: {model: m}}
teacher: {kind: chat, model: m}
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def rewrite(folder: Path, rows: list[dict[str, Any]], **manifest: Any) -> None:
    lines = b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in rows)
    (folder / "test.jsonl").write_bytes(lines)
    document = orjson.loads((folder / "manifest.json").read_bytes()) | manifest
    document["files"]["test.jsonl"] = {"samples": len(rows), "sha256": hashlib.sha256(lines).hexdigest()}
    (folder / "manifest.json").write_bytes(orjson.dumps(document))


def test_a_question_is_what_the_student_was_trained_to_hear(home: Home) -> None:
    made = tickets("asm", "yaze", per_domain=5)
    write_dataset(home, made)
    exam = examination(home, None, None)
    assert (exam.name, exam.run, exam.tickets, exam.accept_at, exam.not_measured) == ("tried", RUN, 10, 0.7, ())
    for one, question in zip(made, exam.questions, strict=True):
        *heard, answer = sample_for(one)
        assert question.turns == tuple(heard)
        assert (question.item, question.variant) == (one[1], one[2])
        assert question.has_tools == (one[0].name == "yaze")
        assert question.room >= len(answer.content)


@pytest.mark.parametrize("form", ["prompt-completion", "tools as text"])
def test_other_forms_that_keep_the_turns_ask_the_same(home: Home, form: str) -> None:
    made = tickets("yaze", per_domain=3)
    folder = write_dataset(home, made)
    known = examination(home, None, None).questions
    rows = [row(one) for one in made]
    for one in rows:
        if form == "prompt-completion":
            *one["prompt"], last = one.pop("messages")
            one["completion"] = [last]
        else:
            one["tools"] = orjson.dumps(one["tools"]).decode()
            one["metadata"]["item"] = orjson.dumps(one["metadata"]["item"]).decode()
    rewrite(folder, rows)
    assert examination(home, str(folder), None).questions == known


def test_a_form_without_turns_cannot_ask(home: Home) -> None:
    folder = write_dataset(home, tickets("asm", per_domain=1))
    rewrite(folder, [{"instruction": "x", "output": "y", "metadata": {}}], format="alpaca")
    with pytest.raises(UsageError, match="format alpaca") as refused:
        examination(home, None, None)
    assert "--format messages" in refused.value.cure


def test_names_that_are_no_dataset_are_answered_with_those_that_are(home: Home) -> None:
    with pytest.raises(UsageError, match="there is no dataset in"):
        examination(home, None, None)
    write_dataset(home, tickets("asm", per_domain=1), "alttp_asm_24k")
    write_dataset(home, tickets("asm", per_domain=1), "yaze_tools_7k")
    with pytest.raises(UsageError, match="there are 2 datasets") as several:
        examination(home, None, None)
    assert several.value.cure == "name one: alttp_asm_24k, yaze_tools_7k"
    with pytest.raises(UsageError, match="there is no dataset 'alttp_asm_7k'") as near:
        examination(home, "alttp_asm_7k", None)
    assert "alttp_asm_24k" in near.value.cure


def test_a_dataset_without_a_test_split_is_refused(home: Home) -> None:
    folder = write_dataset(home, tickets("asm", per_domain=1))
    rewrite(folder, [])
    with pytest.raises(UsageError, match="no test split") as refused:
        examination(home, "tried", None)
    assert "splits:" in refused.value.cure


def test_a_split_that_was_changed_is_refused(home: Home) -> None:
    folder = write_dataset(home, tickets("asm", per_domain=1))
    (folder / "test.jsonl").write_bytes(b"{}\n")
    with pytest.raises(DamagedFileError, match="not the file that was exported"):
        examination(home, None, None)


def test_a_ticket_that_is_not_what_its_id_names_is_refused(home: Home) -> None:
    made = tickets("asm", per_domain=1)
    folder = write_dataset(home, made)
    changed = row(made[0])
    changed["metadata"]["item"]["salt"] += 1
    rewrite(folder, [changed])
    with pytest.raises(DamagedFileError, match="not what its id names"):
        examination(home, None, None)


def test_domains_of_another_version_do_not_judge(home: Home) -> None:
    write_dataset(home, tickets("asm", per_domain=1), code={"asm": "0"})
    with pytest.raises(UsageError, match="made by version 0 of domain asm"):
        examination(home, None, None)


def test_tickets_that_the_dataset_does_not_tell_are_looked_up_in_the_ledger(home: Home) -> None:
    samples = [one for one in mixed_samples(80) if one.domain == "asm"]
    run = MadeRun(home, samples)
    run.write()
    run.export("alttp_asm_24k")
    folder = home.datasets / "alttp_asm_24k"
    manifest = orjson.loads((folder / "manifest.json").read_bytes())
    (folder / "manifest.json").write_bytes(orjson.dumps(manifest | {"code": {"asm": load("asm").version}}))
    exam = examination(home, None, None)
    assert len(exam.questions) == exam.tickets > 0
    assert {question.item.params["salt"] for question in exam.questions} <= set(range(len(samples)))


def test_tickets_that_nothing_here_tells_cannot_be_judged(home: Home) -> None:
    write_dataset(home, tickets("asm", per_domain=2), is_told=False)
    with pytest.raises(UsageError, match="2 tickets of the test split do not say"):
        examination(home, None, None)


def own_text(home: Home) -> None:
    folder = write_dataset(home, tickets("asm", per_domain=1))
    params = {"text": "A flag is a bit.", "name": "a.md", "group": "a.md", "take": 1}
    item = SourceItem("notes", Cell("source1", 1), params)
    metadata = {"id": "0" * 16, "domain": "notes", "family": "source1", "difficulty": 1, "item_id": item.id}
    turns = [{"role": "user", "content": "What says A flag is a bit?"}, {"role": "assistant", "content": "A bit."}]
    rewrite(folder, [{"messages": turns, "metadata": metadata | {"item": params, "variant": 0}}])


def test_domains_of_texts_are_judged_with_their_recipe(home: Home, tmp_path: Path) -> None:
    own_text(home)
    with pytest.raises(UsageError, match="'notes' is one of your own") as refused:
        examination(home, None, None)
    assert "--recipe FILE" in refused.value.cure
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(OWN % "")
    exam = examination(home, None, recipe)
    assert [question.item.domain for question in exam.questions] == ["notes"]
    assert "m" in exam.recipe.models
    assert "whether what is said in domain notes is true" in exam.not_measured[0]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (", answer: {json_schema: {type: object}}", "the form in which a teacher answers"),
        (", judge: {model: m, rubric: Is it right}", "a model judges them"),
    ],
)
def test_what_no_check_can_judge_is_left_out_and_told(home: Home, tmp_path: Path, more: str, why: str) -> None:
    own_text(home)
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(OWN % more)
    exam = examination(home, None, recipe)
    assert (exam.questions, exam.tickets) == ((), 1)
    assert why in exam.not_measured[0]
