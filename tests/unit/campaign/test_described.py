from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from agents.campaign.errors import UsageError
from agents.campaign.plan import Plan, plan_for

MODELS = """
models:
  writer: {model: m, base_url: "http://127.0.0.1:1/v1"}
  other: {model: o, base_url: "http://127.0.0.1:1/v1"}
teacher: {kind: chat, model: writer}
"""
NOTES = """
domains:
  notes:
    weight: 1.0
    sources: [{files: ["*.md"], licence: own}]
    prompt: {user: "Ask about {{ text }}"}
"""


def planned(folder: Path, text: str) -> Plan:
    path = folder / "recipe.yaml"
    path.write_text(text)
    return plan_for({}, path, {})


def changed(key: str, value: Any, text: str = MODELS + NOTES) -> str:
    document = yaml.safe_load(text)
    *path, last = key.split(".")
    at = document
    for name in path:
        at = at.setdefault(name, {})
    at[last] = value
    return yaml.safe_dump(document)


def test_a_domain_of_texts_is_described_in_the_recipe(tmp_path: Path) -> None:
    notes = planned(tmp_path, MODELS + NOTES).recipe.domains["notes"]
    assert notes.sources is not None
    assert notes.sources[0].files == ("*.md",)
    assert notes.prompt is not None
    assert notes.prompt.phrasings == ("Ask about {{ text }}",)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("domains.notes.sources", None, "but no sources"),
        ("domains.notes.prompt", None, "has sources but no prompt"),
        ("domains.notes.sources", [{"licence": "own"}], "either files or hub"),
        ("domains.notes.sources", [{"files": ["a"], "hub": "a/b"}], "either files or hub"),
        ("domains.notes.sources", [{"files": ["a"], "min_characters": 9, "max_characters": 5}], "is more than"),
        ("domains.notes.sources", [{"files": ["a"], "kind": "word"}], "kind"),
        ("domains.notes.sources", [{"hub": "owner/name\n"}], "sources.0.hub"),
        ("domains.notes.sources", [{"hub": "../name/x"}], "sources.0.hub"),
        ("domains.notes.judge", {"model": "nobody", "rubric": "r"}, "names 'nobody', no model of this recipe"),
        ("domains.notes.checks", {"lenght": {}}, "unknown key"),
        ("models.writer.fallbacks", ["nobody"], "names 'nobody', no model of this recipe"),
        ("models.writer.fallbacks", ["writer"], "twice, or itself"),
        ("models.writer.fallbacks", ["other", "other"], "twice, or itself"),
        ("teacher.kind", "procedural", "which the procedural teacher knows nothing about"),
        ("guards.max_cost", 5, "no cost could be known"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, key: str, value: Any, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        planned(tmp_path, changed(key, value))
    assert told in caught.value.what
    assert caught.value.cure


def test_a_batch_teacher_asks_no_fallbacks(tmp_path: Path) -> None:
    batch = changed("teacher.kind", "batch")
    assert planned(tmp_path, batch).recipe.teacher.kind == "batch"
    judged = changed("domains.notes.judge", {"model": "other", "rubric": "r"}, batch)
    assert planned(tmp_path, changed("models.other.fallbacks", ["writer"], judged)), "judges are asked call by call"
    tried = changed("teacher.kind", "chat", changed("candidates", {"a": {}, "b": {"teacher": {"kind": "batch"}}}))
    for text in (batch, tried):
        with pytest.raises(UsageError, match=r"models\.writer\.fallbacks .* batch") as caught:
            planned(tmp_path, changed("models.writer.fallbacks", ["other"], text))
        assert "teacher.kind: chat" in caught.value.cure


def test_a_cap_of_money_is_kept_by_the_prices_of_those_who_are_asked(tmp_path: Path) -> None:
    capped = changed("guards.max_cost", 5)
    own = changed("models.writer.input_price", 1, changed("models.writer.output_price", 2, capped))
    assert planned(tmp_path, own).recipe.prices("writer") == (1, 2)
    judged = changed("domains.notes.judge", {"model": "other", "rubric": "r"}, own)
    with pytest.raises(UsageError, match="no cost could be known"):
        planned(tmp_path, judged)
    assert planned(tmp_path, changed("costs", {"input": 3, "output": 4}, judged)).recipe.prices("other") == (3, 4)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("domains.notes.prompt.user", "Another {{ text }}"),
        ("domains.notes.samples_per_item", 2),
        ("domains.notes.checks", {"length": {"fewest": 9}}),
        ("domains.notes.checks", {"length": None}),
        ("domains.notes.answer", {"json_schema": {"type": "object"}}),
        ("domains.notes.judge", {"model": "other", "rubric": "r"}),
        ("models.writer.temperature", 0.5),
        ("models.writer.structured", "none"),
        ("models.writer.fallbacks", ["other"]),
    ],
)
def test_what_changes_samples_changes_the_fingerprint(tmp_path: Path, key: str, value: Any) -> None:
    before = planned(tmp_path, MODELS + NOTES).fingerprint({})
    assert planned(tmp_path, changed(key, value)).fingerprint({}) != before


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("policy.unlicensed", "allow"),
        ("models.writer.stream", True),
        ("models.writer.tries", 9),
        ("models.writer.input_price", 1.0),
        ("models.other.temperature", 0.5),
    ],
)
def test_what_does_not_change_samples_does_not(tmp_path: Path, key: str, value: Any) -> None:
    before = planned(tmp_path, MODELS + NOTES).fingerprint({})
    assert planned(tmp_path, changed(key, value)).fingerprint({}) == before


def test_what_a_judge_is_asked_by_is_in_the_fingerprint(tmp_path: Path) -> None:
    judged = changed("domains.notes.judge", {"model": "other", "rubric": "r"})
    before = planned(tmp_path, judged).fingerprint({})
    assert planned(tmp_path, changed("models.other.temperature", 0.5, judged)).fingerprint({}) != before


def test_keys_of_a_schema_may_have_dots(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"a.b": {"type": "string"}}}
    plan = planned(tmp_path, changed("domains.notes.answer", {"json_schema": schema}))
    answer = plan.recipe.domains["notes"].answer
    assert answer is not None
    assert answer.json_schema == schema
    assert Plan.parsed(plan.document()) == plan
