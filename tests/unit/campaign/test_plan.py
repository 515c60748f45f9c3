from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from agents.campaign.errors import ExitCode, UsageError
from agents.campaign.plan import DEFAULT, ENVIRONMENT, RECIPE_VARIABLE, Layer, Plan, plan_for, resolve
from agents.campaign.recipe import Recipe

DEFAULTS = Plan(Recipe()).values()

OTHER_VALUES: dict[str, Any] = {
    "name": "other",
    "seed": 1,
    "teacher.fault_rate": 0.25,
    "teacher.batch_size": 1_000,
    "policy.licences": ["MIT"],
    "policy.unlicensed": "allow",
    "checks.accept_at": 0.5,
    "checks.near_duplicate": 0.9,
    "pilot.tickets": 380,
    "pilot.log": "/tmp/pilot.log",  # noqa: S108 -- a value, never opened
    "pilot.top_up": 100,
    "pilot.max_tickets": 500,
    "pilot.fresh_hours": 1.5,
    "trials.tickets": 100,
    "gate.quality_threshold": 0.8,
    "gate.min_samples": 180,
    "gate.rule": "threshold",
    "gate.error_level": 0.01,
    "gate.acceptance_floor": 0.6,
    "gate.most_duplicates": 0.1,
    "gate.most_unreadable": 0.1,
    "gate.most_unjudged": 0.1,
    "gate.approval_hours": 12.0,
    "guards.error_level": 0.01,
    "guards.quality_floor": 0.7,
    "guards.acceptance_floor": 0.4,
    "guards.max_hours": 12.0,
    "guards.max_tickets": 100_000,
    "guards.most_imbalance": 0.2,
    "guards.min_free_gb": 2.0,
    "guards.failure_budgets.empty": 0.1,
    "guards.failure_budgets.refused": 0.1,
    "guards.failure_budgets.truncated": 0.1,
    "guards.failure_budgets.failed": 0.1,
    "guards.failure_budgets.unreadable": 0.1,
    "guards.failure_budgets.unjudged": 0.1,
    "guards.failure_budgets.duplicate": 0.1,
    "costs.input": 1.0,
    "costs.output": 4.0,
    "costs.answer_tokens": 1_000,
    "costs.requests_per_day": 10_000,
    "campaign.target": 50_000,
    "campaign.output_name": "other",
    "campaign.auto_launch": False,
    "campaign.tickets_per_sample": 2.0,
    "campaign.on_exhausted": "redistribute",
    "campaign.use_active_learning": False,
    "campaign.command": ["python", "gen.py", "{target}"],
    "campaign.restarts": 0,
    "watch.pilot_seconds": 1.0,
    "watch.campaign_seconds": 5.0,
    "watch.stall_minutes": 30.0,
    "speed.parallel": False,
    "speed.workers": 3,
    "speed.in_flight": 64,
    "curation.format": "qwen",
    "curation.near_duplicate": 0.8,
    "curation.max_tokens": 2_048,
    "curation.decontaminate": ["bench/*.jsonl"],
    "curation.licence": "CC-BY-4.0",
    "transfer.host": "zelda@192.168.1.7",
    "transfer.path": "/srv/datasets",
    "transfer.scripts": "/srv/training",
    "transfer.port": 2_222,
    "transfer.identity": "~/.ssh/id_ed25519",
    "transfer.config": "~/.ssh/config",
    "transfer.bandwidth_mb": 10.0,
    "transfer.connect_seconds": 5.0,
    "after_campaign": ["export", "transfer"],
    "evaluation.count": 400,
    "evaluation.before": "student",
    "evaluation.max_cost": 2.0,
}
NO_OTHER_VALUE = {
    *(
        "domains.asm.weight",
        "domains.oracle.weight",
        "domains.yaze.weight",
        "domains.errors.weight",
        "teacher.kind",
        "teacher.model",
        "models",
    ),
    *("gate.domain_floors", "guards.max_cost", "candidates", "splits.train", "splits.validation", "splits.test"),
    *("datasets.alttp_asm_24k.at_most", "datasets.yaze_tools_7k.at_most"),
    *("datasets.alttp_asm_24k.domains", "datasets.yaze_tools_7k.domains"),
    *(f"datasets.{name}.{key}" for name in ("alttp_asm_24k", "yaze_tools_7k") for key in ("script", "training")),
}
MADE_OTHERWISE = {"seed", "teacher.fault_rate", "teacher.batch_size", "checks.accept_at", "checks.near_duplicate"}


GOOD = "good: {teacher: {fault_rate: 0.0}}"
TEXTS = "weight: 1, sources: [{files: [x]}], prompt: {user: x}"
CANDIDATES = """
costs: {input: 3, output: 10}
candidates:
  careful: {teacher: {fault_rate: 0.02}}
  cheap: {teacher: {fault_rate: 0.3}, costs: {input: 1}}
"""


def recipe_file(folder: Path, text: str | bytes) -> Path:
    path = folder / "recipe.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def nested(key: str, value: Any) -> dict[str, Any]:
    for name in reversed(key.split(".")):
        value = {name: value}
    return dict(value)


def flag(key: str, value: Any) -> Layer:
    return Layer.of_flags({f"--{key}": (key, value)})


def refusal(text: str, folder: Path, **flags: Any) -> UsageError:
    path = recipe_file(folder, text)
    with pytest.raises(UsageError) as caught:
        plan_for({f"--{key}": (key, value) for key, value in flags.items()}, path, {})
    assert caught.value.exit_code is ExitCode.USAGE
    return caught.value


def test_a_cap_of_money_needs_prices(tmp_path: Path) -> None:
    error = refusal("guards: {max_cost: 5}\ncosts: {input: 1}\n", tmp_path)
    assert "no cost could be known" in error.what
    assert "costs.output" in error.cure
    capped = plan_for({}, recipe_file(tmp_path, "guards: {max_cost: 5}\ncosts: {input: 1, output: 4}\n"), {})
    assert capped.recipe.guards.max_cost == 5


def test_the_tables_of_this_test_cover_every_key() -> None:
    assert {*OTHER_VALUES, *NO_OTHER_VALUE} == {*DEFAULTS}


def test_the_seeds_figures_are_the_defaults() -> None:
    plan = plan_for({}, None, {})
    assert plan.recipe.gate.quality_threshold == 0.75
    assert plan.recipe.gate.min_samples == 150
    assert plan.recipe.pilot.tickets == 190
    assert plan.recipe.campaign.target == 34_500
    assert plan.recipe.campaign.name == "full_campaign_34500"
    assert plan.recipe.campaign.auto_launch is True
    weights = {name: domain.weight for name, domain in plan.recipe.domains.items()}
    assert weights == {"asm": 0.55, "oracle": 0.15, "yaze": 0.22, "errors": 0.08}
    assert (plan.recipe.watch.pilot_seconds, plan.recipe.watch.campaign_seconds) == (10.0, 60.0)
    assert {plan.origin(key) for key in DEFAULTS} == {DEFAULT}


@pytest.mark.parametrize(("key", "value"), OTHER_VALUES.items())
def test_every_key_can_be_written_in_a_recipe_and_says_so(key: str, value: Any, tmp_path: Path) -> None:
    path = recipe_file(tmp_path, yaml.safe_dump(nested(key, value)))
    plan = plan_for({}, path, {})
    assert plan.values() == {**DEFAULTS, key: value}
    assert {k: plan.origin(k) for k in DEFAULTS if plan.origin(k) != DEFAULT} == {key: f"recipe {path}"}


@pytest.mark.parametrize(("key", "value"), OTHER_VALUES.items())
def test_a_flag_wins_over_the_recipe_for_every_key(key: str, value: Any, tmp_path: Path) -> None:
    written = recipe_file(tmp_path, yaml.safe_dump(nested(key, DEFAULTS[key])))
    plan = plan_for({"--it": (key, value)}, written, {})
    assert plan.values()[key] == value
    assert plan.origin(key) == "--it"


@pytest.mark.parametrize(
    ("variable", "text", "value", "flag_value"),
    [
        ("QUALITY_THRESHOLD", "0.80", 0.8, 0.9),
        ("CAMPAIGN_TARGET", " 50000 ", 50_000, 100),
        ("AUTO_LAUNCH", "false", False, True),
    ],
)
def test_flag_over_environment_over_recipe_over_default(
    variable: str, text: str, value: Any, flag_value: Any, tmp_path: Path
) -> None:
    key = ENVIRONMENT[variable]
    in_recipe = not value if isinstance(value, bool) else value / 2
    path = recipe_file(tmp_path, yaml.safe_dump(nested(key, in_recipe)))
    found = []
    for flags, environment, recipe in (
        ({"--it": (key, flag_value)}, {variable: text}, path),
        ({"--it": (key, None)}, {variable: text}, path),
        ({}, {variable: ""}, path),
        ({}, {}, None),
    ):
        plan = plan_for(flags, recipe, environment)
        found.append((plan.values()[key], plan.origin(key)))
    assert found == [
        (flag_value, "--it"),
        (value, f"environment {variable}"),
        (in_recipe, f"recipe {path}"),
        (DEFAULTS[key], DEFAULT),
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [(text.format(), value) for value, texts in {True: "true 1 yes on", False: "false 0 no off"}.items()
     for word in texts.split() for text in (word, word.upper(), word.title(), f" {word} ")],
)  # fmt: skip
def test_auto_launch_is_understood_in_any_case(text: str, value: bool) -> None:
    assert plan_for({}, None, {"AUTO_LAUNCH": text}).recipe.campaign.auto_launch is value


@pytest.mark.parametrize("text", ["maybe", "2", "yess", "truefalse", "-1"])
def test_any_other_auto_launch_is_an_error(text: str) -> None:
    with pytest.raises(UsageError, match="AUTO_LAUNCH") as caught:
        plan_for({}, None, {"AUTO_LAUNCH": text})
    assert caught.value.cure == "use true/1/yes/on or false/0/no/off"


def test_a_flag_of_false_is_given() -> None:
    assert (
        plan_for({"--no-auto-launch": ("campaign.auto_launch", False)}, None, {}).recipe.campaign.auto_launch is False
    )


def test_the_recipe_may_come_from_the_environment_and_its_path_is_kept(tmp_path: Path) -> None:
    path = recipe_file(tmp_path, "name: mine")
    plan = plan_for({}, None, {RECIPE_VARIABLE: str(path)})
    assert (plan.recipe.name, plan.recipe_path) == ("mine", path)
    other = tmp_path / "other.yaml"
    other.write_text("name: other")
    assert plan_for({}, other, {RECIPE_VARIABLE: str(path)}).recipe.name == "other"


BAD_VALUES = [
    ("gate.quality_threshold", 80, "--quality-threshold 0.8"),
    ("gate.quality_threshold", "80%", "--quality-threshold 0.8"),
    ("gate.quality_threshold", float("nan"), "--quality-threshold 0.75"),
    ("gate.quality_threshold", float("inf"), "--quality-threshold 0.75"),
    ("gate.quality_threshold", 0, "--quality-threshold 0.75"),
    ("gate.quality_threshold", -1, "--quality-threshold 0.75"),
    ("gate.quality_threshold", 1.0001, "--quality-threshold"),
    ("gate.quality_threshold", "high", "--quality-threshold 0.75"),
    ("gate.quality_threshold", True, "--quality-threshold 0.75"),
    ("gate.quality_threshold", None, "--quality-threshold 0.75"),
    ("gate.min_samples", 0, "default is 150"),
    ("gate.rule", "guess", "default is 'auto'"),
    ("campaign.target", 0, "--campaign-target 34500"),
    ("campaign.target", -5, "--campaign-target 34500"),
    ("campaign.target", 1.5, "--campaign-target 34500"),
    ("campaign.target", "many", "--campaign-target 34500"),
    ("campaign.target", True, "--campaign-target 34500"),
    ("campaign.target", "34,500", "--campaign-target 34500"),
    ("campaign.output_name", "../x", "--output-name full_campaign_34500"),
    ("campaign.output_name", "a/b", "--output-name full_campaign_34500"),
    ("campaign.output_name", "", "--output-name full_campaign_34500"),
    ("campaign.output_name", "-x", "--output-name full_campaign_34500"),
    ("campaign.output_name", 34_500, "--output-name full_campaign_34500"),
    ("campaign.command", [], "as a list"),
    ("campaign.command", [""], "as a list"),
    ("campaign.command", "python gen.py", "as a list"),
    ("campaign.command", ["python", "{target"], "literal brace is doubled"),
    ("campaign.command", ["python", "{}"], "{target}, {output_name}, {log}"),
    ("campaign.command", ["python", "{0}"], "{target}, {output_name}, {log}"),
    ("campaign.command", ["python", "{count}"], "{target}, {output_name}, {log}"),
    ("campaign.command", ["python", "{target.real}"], "{target}, {output_name}, {log}"),
    ("campaign.command", ["python", "{target[0]}"], "{target}, {output_name}, {log}"),
    ("campaign.command", ["python", "{target:>999999999}"], "{target}, {output_name}, {log}"),
    ("campaign.command", ["python", "{target!r}"], "{target}, {output_name}, {log}"),
    ("campaign.command", ["python", "a\0b"], "as a list"),
    ("campaign.command", ["python", 5], "as a list"),
    ("campaign.auto_launch", "maybe", "default is True"),
    ("campaign.tickets_per_sample", 0.5, "default is 3.0"),
    ("pilot.tickets", 0, "default is 190"),
    ("checks.accept_at", 1.5, "default is 0.7"),
    ("teacher.fault_rate", -0.1, "default is 0.05"),
    ("watch.pilot_seconds", 0, "default is 10.0"),
    ("speed.workers", 0, "default is None"),
    ("seed", -1, "default is 65816"),
    ("seed", 2**63, "default is 65816"),
    ("domains", {}, "{asm: {weight: 1.0}}"),
    ("domains", None, "{asm: {weight: 1.0}}"),
    ("domains", ["asm"], "{asm: {weight: 1.0}}"),
    ("domains.asm", 1.0, "{asm: {weight: 1.0}}"),
    ("domains.asm", {}, "{asm: {weight: 1.0}}"),
    ("domains.asm.weight", 0.9, "together 1"),
    ("domains.asm.weight", 0, "above 0"),
    ("domains.asm.weight", -1, "above 0"),
    ("domains.asm.weight", float("nan"), "above 0"),
    ("domains.asm.weight", True, "above 0"),
    ("gate", 5, "its keys are: rule, quality_threshold"),
    ("gate", None, "its keys are: rule, quality_threshold"),
    ("campaign", ["target"], "its keys are: target"),
]


@pytest.mark.parametrize(("key", "value", "cure"), BAD_VALUES)
def test_an_impossible_value_is_refused_with_key_origin_and_cure(
    key: str, value: Any, cure: str, tmp_path: Path
) -> None:
    error = refusal(yaml.safe_dump(nested(key, value)), tmp_path)
    named = "domains" if key.startswith("domains") else key
    assert error.what.startswith(named)
    assert f"(recipe {tmp_path}/recipe.yaml)" in error.what
    assert cure in error.cure


@pytest.mark.parametrize(("key", "value", "cure"), [row for row in BAD_VALUES if row[1] is not None])
def test_an_impossible_flag_is_refused_and_named(key: str, value: Any, cure: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(flag(key, value))
    assert f"(--{key})" in caught.value.what
    assert cure in caught.value.cure


@pytest.mark.parametrize(
    ("variable", "text"),
    [("QUALITY_THRESHOLD", text) for text in ("80", "nan", "inf", "0", "-1", "high", "0,8")]
    + [("CAMPAIGN_TARGET", text) for text in ("0", "-5", "1.5", "many", "50,000")],
)
def test_an_impossible_variable_is_refused_and_named(variable: str, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        plan_for({}, None, {variable: text})
    assert f"{ENVIRONMENT[variable]} = {text!r} (environment {variable})" in caught.value.what


@pytest.mark.parametrize(
    ("text", "what", "cure"),
    [
        ("gate: {qualty_threshold: 0.8}", "unknown key 'gate.qualty_threshold'", "'gate.quality_threshold'"),
        ("campaing: {target: 5}", "unknown key 'campaing'", "did you mean 'campaign'?"),
        ("domain: {asm: {weight: 1}}", "unknown key 'domain'", "did you mean 'domains'?"),
        ("zzz: 1", "unknown key 'zzz'", "known keys are: name, seed, domains, models"),
        ("target: 1", "unknown key 'target'", "did you mean 'campaign.target'?"),
        ("gate: {tickets: 1}", "unknown key 'gate.tickets'", "did you mean 'trials.tickets' or 'pilot.tickets'?"),
        (f"domains: {{notes: {{checks: {{grounding: {{wieght: 1}}}}, {TEXTS}}}}}",
         "unknown key 'domains.notes.checks.grounding.wieght'", "'domains.notes.checks.grounding.weight'?"),
        ("domains: {notes: {weight: 1, sources: [{files: [x], licens: own}]}}",
         "unknown key 'domains.notes.sources.0.licens'", "did you mean 'domains.notes.sources.0.licence'?"),
        ("domains: {notes: {weight: 1, colour: 1}}", "'domains.notes.colour'",
         "known keys are: weight, catalogue, sources"),
        ("domains: {asm: {wieght: 1}}", "unknown key", "did you mean 'domains.asm.weight'?"),
        ("models: {writer: {model: m, temprature: 1}}", "unknown key", "did you mean 'models.writer.temperature'?"),
        ("models: {w: {model: m, endpoints: [{base_url: http://h, kye: K}]}}", "unknown", "'models.w.endpoints.0.key'"),
        ("models: {writer: {model: 5}}", "models.writer.model = 5", "give models.writer.model a value in its range"),
        ("models: {writer: {}}", "models.writer.model (recipe ", "give models.writer.model a value in its range"),
        ("models: {writer: {model: m, tries: 0}}", "models.writer.tries = 0", "(the default is 5)"),
        ("models: {writer: 5}", "models.writer = 5", "its keys are: model, base_url"),
        ("models: {w: {model: m, endpoints: [{base_url: http://h}], key: K}}", "models.w (recipe ", "below models.w"),
        ("models: {w: {model: m, extra_body: {seed: 99999999999999999999}}}", "cannot be written as JSON", "plain"),
        (f"domains: {{notes: {{answer: {{json_schema: {{maximum: 99999999999999999999}}}}, {TEXTS}}}}}",
         "answer.json_schema (recipe", "(the default is None)"),
        (f"domains: {{notes: {{samples_per_item: 0, {TEXTS}}}}}", "samples_per_item = 0", "(the default is None)"),
        ("domains: {notes: {weight: 1, prompt: {user: 5}}}", "domains.notes.prompt.user = 5", "a value in its range"),
        ("domains: {asm: {weight: 0.5}, text: {weight: 0.4}}", "weights sum to 0.9, not to 1", "together 1"),
        ("domains: {asm: {weight: 0.6}, text: {weight: 0.6}}", "weights sum to 1.2, not to 1", "together 1"),
        ("candidates: [1]", "candidates = [1]", "give every candidate a name"),
        ("candidates: {a: 3, b: {}}", "candidates.a = 3", "give every candidate a name"),
        ("candidates: {a: {teacher: 3}, b: {}}", "candidates.a.teacher = 3", "its keys are: kind, fault_rate"),
        ("candidates: {a: {}}", "'a' is the only candidate", "name another one"),
        ("candidates: {a: {}, b: {costs: {input: 1}}}", "'a' and 'b' make the same samples", "leave one of them out"),
        ("candidates: {a: {seed: 2}, b: {}}", "unknown key 'candidates.a.seed'", "only `teacher` and `costs`"),
        ("candidates: {a: {teacher: {falt_rate: 0}}, b: {}}", "unknown key", "'candidates.a.teacher.fault_rate'?"),
        ("candidates: {../x: {}, b: {}}", "'../x' cannot be a name below candidates (recipe ", "use letters"),
        ("domains: {a.b: {weight: 1}}", "'a.b' cannot be a name below domains (recipe ", "use letters"),
        (f"candidates: {{a b: {{}}, {GOOD}}}", "'a b' cannot name a candidate", "use letters"),
        (f"candidates: {{a: {{teacher: {{fault_rate: 2}}}}, {GOOD}}}", "fault_rate = 2", "(the default is 0.05)"),
        (f"candidates: {{a: {{}}, {GOOD}}}\ntrials: {{tickets: 19}}", "trials.tickets is 19, too few", "at least 20"),
        (f"candidates: {{a: {{}}, {GOOD}}}\npilot: {{log: x}}", "another pilot or campaign", "leave out candidates"),
        (f"candidates: {{a: {{}}, {GOOD}}}\ncampaign: {{command: [x]}}", "another pilot", "leave out candidates"),
        (
            f"candidates: {{a: {{costs: {{input: 1}}}}, {GOOD}}}\nguards: {{max_cost: 5}}",
            "no cost could be known",
            "set costs.input",
        ),
        ("domains: {a: {weight: 0.998}, b: {weight: 0.002}}", "'b' has a weight of 0.002", "to at least 500"),
        ("pilot: {tickets: 100}", "pilot.tickets is 100, fewer than gate.min_samples (150)", "raise pilot.tickets"),
        ("- name\n- seed", "holds no keys", "recipes/alttp_yaze.yaml"),
        ("just text", "holds no keys", "recipes/alttp_yaze.yaml"),
        ("", "holds no keys", "recipes/alttp_yaze.yaml"),
        ("{}", "holds no keys", "recipes/alttp_yaze.yaml"),
        ("gate: [", "is not YAML", "mend the line"),
        ("gate:\n\t- x", "is not YAML", "mend the line"),
        ("name: a\x07", "is not YAML", "mend the line"),
        ("name: !!python/object/apply:os.getpid []", "is not YAML", "mend the line"),
        ("name: a\nseed: 1\nname: b", "key 'name' is written twice", "mend the line"),
        ("gate: {min_samples: 1}\ngate: {min_samples: 2}", "key 'gate' is written twice", "mend the line"),
        ("gate: {min_samples: 1, min_samples: 2}", "key 'min_samples' is written twice", "mend the line"),
        ("? [a, b]\n: 1", "unhashable key", "mend the line"),
        ("? {a: b}\n: 1", "unhashable key", "mend the line"),
        ("seed: 2026-13-01", "this is no timestamp", "mend the line"),
        ("seed: 0x_", "this is no int", "mend the line"),
        ("seed: !!bool maybe", "this is no bool", "mend the line"),
        ("seed: !!timestamp soon", "this is no timestamp", "mend the line"),
        ("seed: !!map 5", "expected a mapping", "mend the line"),
        ("gate: &g\n  x: *g", "contains itself", "flat"),
        ("[" * 5000, "nested too deeply", "flat"),
    ],
)  # fmt: skip
def test_an_impossible_recipe_is_refused(text: str, what: str, cure: str, tmp_path: Path) -> None:
    error = refusal(text, tmp_path)
    assert what in error.what
    assert cure in error.cure


SECRETS = ("sk-proj-abcdefgh12345678", "gsk_AbCdEfGh12345678AbCd", "hf_AbCdEfGhIjKlMnOpQrSt", "hunter2secret")


@pytest.mark.parametrize(
    "model",
    [
        *({"key": secret} for secret in SECRETS[:3]),
        {"key": ["OPENAI_API_KEY", SECRETS[0]]},
        {"key": [[SECRETS[0]]]},
        {"key": {"value": SECRETS[0]}},
        {"api_key": SECRETS[0]},
        {SECRETS[0]: 1},
        {"base_url": f"http://joe:{SECRETS[3]}@127.0.0.1:8000/v1"},
        {"base_url": f"http://127.0.0.1:8000?key={SECRETS[3]}/v1"},
        {"base_url": [f"http://joe:{SECRETS[3]}@127.0.0.1:8000/v1"]},
        {"endpoints": [f"http://joe:{SECRETS[3]}@127.0.0.1:8000/v1"]},
        {"endpoints": [{"base_url": "http://h", "key": SECRETS[1]}]},
        {"endpoints": f"http://h?key={SECRETS[3]}"},
        {"extra_body": {"api_key": SECRETS[3]}},
        {"extra_body": {"headers": [{"Authorization": f"Bearer {SECRETS[3]}"}]}},
        {"extra_body": {"note": f"use {SECRETS[0]}"}},
        {"tries": SECRETS[0]},
        {"tries": [{"a": SECRETS[3]}]},
    ],
    ids=str,
)
def test_a_secret_in_a_recipe_is_refused_and_never_repeated(model: dict[str, Any], tmp_path: Path) -> None:
    error = refusal(yaml.safe_dump({"models": {"writer": {"model": "m", **model}}}), tmp_path)
    assert not [secret for secret in SECRETS if secret in str(error)]
    if not {"key", "base_url"}.isdisjoint(model):
        assert "the NAME of " in error.cure
        assert "the file .env" in error.cure


def test_a_long_value_is_not_repeated_whole(tmp_path: Path) -> None:
    assert len(refusal(f"seed: {'many ' * 1_000}", tmp_path).what) < 500


def test_a_yaml_error_names_the_file_and_the_line(tmp_path: Path) -> None:
    said = refusal("name: a\nseed: 1\nname: b", tmp_path).what
    assert re.search(rf'in "{tmp_path}/\S+", line 3', said)
    assert "<" not in said


def test_a_flag_does_not_hide_a_section_without_keys(tmp_path: Path) -> None:
    error = refusal("gate: 5", tmp_path, **{"gate.quality_threshold": 0.8})
    assert error.what.startswith("gate = 5 (recipe")


def test_a_merge_key_is_no_duplicate(tmp_path: Path) -> None:
    text = "domains:\n  asm: &half {weight: 0.5}\n  text:\n    <<: *half\n    weight: 0.5\n"
    plan = plan_for({}, recipe_file(tmp_path, text), {})
    assert {name: domain.weight for name, domain in plan.recipe.domains.items()} == {"asm": 0.5, "text": 0.5}


def test_recipes_that_cannot_be_read(tmp_path: Path) -> None:
    for path, what in (
        (tmp_path / "absent.yaml", "does not exist"),
        (tmp_path, "cannot be read"),
        (recipe_file(tmp_path, b"name: \xff\xfe"), "cannot be read"),
    ):
        with pytest.raises(UsageError, match=what) as caught:
            plan_for({}, path, {})
        assert str(path) in caught.value.what


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_file_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content)
    with contextlib.suppress(UsageError):
        plan_for({}, path, {})


def fingerprint(key: str | None = None, value: Any = None, code: Mapping[str, str] | None = None) -> str:
    plan = resolve() if key is None else resolve(flag(key, value))
    return plan.fingerprint({"asm": "1"} if code is None else code)


@pytest.mark.parametrize(("key", "value"), OTHER_VALUES.items())
def test_the_fingerprint_changes_with_what_is_made_and_with_nothing_else(key: str, value: Any) -> None:
    assert (fingerprint(key, value) != fingerprint()) is (key in MADE_OTHERWISE)


def test_the_fingerprint_changes_with_domains_weights_and_their_code() -> None:
    halves = {"asm": {"weight": 0.5}, "text": {"weight": 0.5}}
    thirds = {"asm": {"weight": 0.25}, "text": {"weight": 0.75}}
    found = [
        fingerprint(),
        fingerprint(code={"asm": "2"}),
        fingerprint(code={"asm": "1", "text": "1"}),
        fingerprint("domains", halves),
        fingerprint("domains", thirds),
    ]
    assert len(set(found)) == len(found)
    assert fingerprint("domains", dict(reversed(halves.items()))) == fingerprint("domains", halves)


def test_the_fingerprint_does_not_know_where_a_value_came_from(tmp_path: Path) -> None:
    path = recipe_file(tmp_path, "seed: 65816\ncampaign: {target: 100}")
    assert plan_for({}, path, {"QUALITY_THRESHOLD": "0.9"}).fingerprint({"asm": "1"}) == fingerprint()


def test_a_candidate_has_what_it_says_and_the_rest_of_the_recipe(tmp_path: Path) -> None:
    plan = plan_for({}, recipe_file(tmp_path, CANDIDATES), {})
    cheap = plan.with_candidate("cheap")
    assert (cheap.recipe.teacher.fault_rate, cheap.recipe.costs.input, cheap.recipe.costs.output) == (0.3, 1, 10)
    assert (cheap.candidate, cheap.recipe.candidates) == ("cheap", {})
    assert cheap.origin("teacher.fault_rate").startswith("candidate cheap (recipe ")
    assert cheap.origin("costs.output").startswith("recipe ")
    assert cheap.fingerprint({}) == resolve(flag("teacher.fault_rate", 0.3)).fingerprint({})
    assert plan.fingerprint({}) == resolve().fingerprint({}), "candidates are no part of it, what is chosen is"
    for known in (plan, cheap):
        assert Plan.parsed(json.loads(json.dumps(known.document()))) == known
    with pytest.raises(UsageError, match="no candidate 'best'"):
        plan.with_candidate("best")


def test_prices_of_candidates_are_enough_for_a_cap(tmp_path: Path) -> None:
    prices = CANDIDATES.replace("costs: {input: 3, output: 10}\n", "costs: {output: 10}\n")
    capped = prices.replace("fault_rate: 0.02}", "fault_rate: 0.02}, costs: {input: 3}") + "guards: {max_cost: 5}\n"
    assert plan_for({}, recipe_file(tmp_path, capped), {}).recipe.guards.max_cost == 5


def test_a_plan_survives_json(tmp_path: Path) -> None:
    path = recipe_file(tmp_path, "campaign: {command: [python, gen.py], output_name: x}")
    plan = plan_for({"--campaign-target": ("campaign.target", 5)}, path, {"AUTO_LAUNCH": "no"})
    again = Plan.parsed(json.loads(json.dumps(plan.document())))
    assert again == plan
    assert again.origin("campaign.target") == "--campaign-target"
