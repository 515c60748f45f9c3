from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.dashboard.view import (
    active_text,
    headline,
    outcome_text,
    plan_text,
    progress_text,
    spent_lines,
    status_text,
)

EVIL = "\x1b[2J\x1b]0;title\x07 two\nlines\r over \x9b31m \u202e \u2028 \x00 end"
STATE = {
    "started": "2026-01-01T12:00:00+00:00",
    "phase": "monitoring_pilot",
    "run": "full",
    "pilot_result": {"progress": 87, "total": 190, "estimated_quality": 0.82, "state": "running"},
    "next": "The pilot is watched until it is complete.",
}


def is_clean(text: str) -> bool:
    return all(char.isprintable() for line in text.split("\n") for char in line)


# Any string can come from a log or a file; none of them may drive the terminal or forge a line.


FIELDS = (
    *("phase", "run", "cause", "next", "progress", "total", "estimated_quality", "acceptance_rate", "eta"),
    *("rate_per_minute", "completed", "state"),
)
VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.just(EVIL)
DOCUMENTS = st.dictionaries(st.sampled_from(FIELDS), VALUES | st.lists(VALUES, max_size=2))


@settings(max_examples=50)
@given(state=DOCUMENTS, pilot=VALUES | DOCUMENTS, campaign=VALUES | DOCUMENTS)
def test_no_status_file_can_break_the_page_or_the_terminal(
    state: dict[str, Any], pilot: object, campaign: object
) -> None:
    document = state | {"pilot_result": pilot, "campaign_result": campaign}
    assert is_clean(headline(document, {"campaign": 7}))
    assert is_clean(progress_text(document))


@pytest.mark.parametrize("field", ["phase", "run", "cause", "next"])
def test_the_headline_has_no_line_that_a_value_forged(field: str) -> None:
    honest = headline(STATE | {field: "honest"}, {"orchestrator": 7})
    forged = headline(STATE | {field: EVIL}, {"orchestrator": 7})
    assert is_clean(forged)
    assert len(forged.split("\n")) == len(honest.split("\n"))


def test_every_section_of_the_page_is_printable() -> None:
    sections: dict[str, Any] = {
        name: dict.fromkeys(("phase", "state", "verdict", "reason", "error", "problems", "run"), EVIL)
        for name in ("Orchestrator", "Pilot", "Validation", "Launch", "Campaign")
    }
    page = status_text(sections | {"Pilot": f"error: {EVIL}\n  cure: mend it"}, "headline")
    assert is_clean(page)
    assert "\n  cure: mend it" in page


@pytest.mark.parametrize(
    ("mode", "document"),
    [
        ("auto", {"phase": "paused", "run": "full", "cause": EVIL, "next": "Mend the cause."}),
        ("validate", {"verdict": "ERROR", "reason": EVIL, "recommendation": EVIL, "findings": {"quality": EVIL}}),
        ("launch", {"launched": False, "reason": EVIL, "cure": EVIL}),
        ("launch", {"launched": True, "run": "full", "pid": 7, "log_path": f"/home/{EVIL}/log"}),
        ("monitor", {"state": "stalled", "progress": EVIL, "total": EVIL}),
    ],
)
def test_every_outcome_is_printable(mode: str, document: dict[str, Any]) -> None:
    assert is_clean(outcome_text(mode, document))


# What the page says.


def test_the_headline_of_a_workflow_that_runs() -> None:
    assert headline(STATE, {"orchestrator": 7, "pilot": None}).split("\n") == [
        "Phase: monitoring_pilot (campaign full)",
        "Pilot: 87/190 | quality 0.820",
        "Running: orchestrator (pid 7), pilot",
        "Next: The pilot is watched until it is complete.",
    ]


def test_the_headline_of_a_workflow_without_its_orchestrator_says_how_it_goes_on() -> None:
    assert "Run the same command again" in headline(STATE, {"campaign": 7})
    over = STATE | {"phase": "paused", "completed": "2026", "cause": "no disk", "next": "Mend the cause."}
    assert headline(over, {}).split("\n")[-3:] == ["Cause: no disk", "Running: nothing", "Next: Mend the cause."]


def test_the_headline_before_any_workflow_and_of_a_damaged_one() -> None:
    assert "campaign auto" in headline(None, {})
    assert "started" in headline(None, {"orchestrator": 7})
    assert "cannot be read" in headline("error: damaged", {})


def test_the_campaigns_progress_is_told_before_the_pilots() -> None:
    campaign = {"progress": 100, "total": 400, "acceptance_rate": 0.5, "rate_per_minute": 62.5, "eta": "2026-01-02"}
    assert progress_text(STATE | {"campaign_result": campaign}) == (
        "Campaign: 100/400 | acceptance 50.0% | 62/min | ready 2026-01-02"
    )
    assert progress_text(STATE | {"campaign_result": {"progress": 0, "total": 0}}).startswith("Pilot: 87/190")
    assert progress_text({}) == ""


def test_what_follows_a_campaign_is_told_line_by_line() -> None:
    entries = [
        {"task": "export", "state": "done", "result": {"alttp": 20}},
        {"task": "train alttp", "state": "running", "progress": 3, "total": 9, "loss": 1.25, "eta": "2026-01-02"},
        {"task": "evaluate alttp", "state": "done", "result": {"after": {"pass_rate": 0.625, "tickets": 8}}},
        {"task": "evaluate yaze", "state": "held up"},
    ]
    assert headline(STATE | {"after_campaign": entries}, {"follow_up": 7}).split("\n")[2:6] == [
        "After it: export: done",
        "After it: train alttp: running, 3/9, loss 1.2500, ready 2026-01-02",
        "After it: evaluate alttp: done, 62.5% of 8 tickets passed",
        "After it: evaluate yaze: held up",
    ]


def test_what_followed_a_campaign_and_is_gone_is_not_told_to_run() -> None:
    state = STATE | {"after_campaign": [{"task": "train alttp", "state": "running", "progress": 3, "total": 9}]}
    assert "After it: train alttp: interrupted, 3/9" in headline(state, {"orchestrator": 7})


def test_why_something_failed_is_told_before_all_has_ended() -> None:
    state = STATE | {"after_campaign": [{"task": "transfer", "state": "failed", "cause": "no route\n  cure: wake it"}]}
    assert "After it: transfer: failed, no route\n" in headline(state, {})
    assert headline(state | {"phase": "paused", "cause": "no route, and more"}, {}).count("no route") == 1


@pytest.mark.parametrize("broken", [7, "x", [7], [{}], [{"task": "\x1b[2J", "result": {"after": {}}, "total": "x"}]])
def test_what_somebody_wrote_into_it_breaks_nothing(broken: Any) -> None:
    assert "\x1b" not in headline(STATE | {"after_campaign": broken}, {})


def test_a_section_is_the_seeds_json_and_missing_ones_are_left_out() -> None:
    page = status_text({"Orchestrator": STATE, "Pilot": None, "Launch": {"launched": False, "pid": None}}, "head")
    shown = json.loads(page[page.index("Orchestrator:\n") + 14 : page.index("\n\nLaunch:")])
    assert shown == {
        "phase": "monitoring_pilot",
        "started": "2026-01-01T12:00:00+00:00",
        "pilot_result": {"progress": 87, "total": 190, "estimated_quality": 0.82},
    }
    assert "Pilot:\n" not in page
    assert page.endswith('Launch:\n{\n  "launched": false\n}')


def test_the_banner_is_the_seeds() -> None:
    banner = active_text(("Watch the pilot", "Validate it"), 7, Path("/home/x/log"))
    assert "AUTONOMOUS WORKFLOW ACTIVE" in banner
    assert "The orchestrator is now running autonomously and will:\n  1. Watch the pilot\n  2. Validate it" in banner
    assert "Pid: 7    Log: /home/x/log" in banner


@pytest.mark.parametrize(
    ("mode", "document", "words"),
    [
        ("auto", STATE | {"cause": "no disk"}, ["monitoring_pilot: campaign full", "Cause: no disk", "Next: "]),
        ("launch", {"launched": False, "reason": "No validation results"}, ["Not launched: No validation results"]),
        ("launch", {"launched": False, "reason": "x", "cure": "mend it"}, ["Not launched: x\n  cure: mend it"]),
        ("monitor", {"state": "complete", "progress": 190, "total": 190}, ["Pilot complete. Pilot: 190/190"]),
        ("monitor", {"state": "stalled", "progress": 0, "total": 0}, ["Pilot stalled."]),
    ],
)
def test_outcomes_in_words(mode: str, document: dict[str, Any], words: list[str]) -> None:
    text = outcome_text(mode, document)
    assert all(word in text for word in words)


def test_a_plan_is_a_table_by_section() -> None:
    values = {"name": "full", "seed": 7, "domains.asm.weight": 1.0, "gate.rule": "threshold", "gate.command": ["a", 1]}
    origins = {"name": "recipe /r.yaml", "gate.command": "--command"}
    assert plan_text(values, dict.fromkeys(values, "default") | origins).split("\n") == [
        'name          "full"       recipe /r.yaml',
        "seed          7            default",
        "",
        "domains",
        "  asm.weight  1.0          default",
        "",
        "gate",
        '  rule        "threshold"  default',
        '  command     ["a",1]      --command',
    ]


def test_a_plan_is_printable() -> None:
    text = plan_text({"name": EVIL, f"gate.{EVIL}": EVIL}, {"name": EVIL, f"gate.{EVIL}": EVIL})
    assert is_clean(text)
    assert len(text.split("\n")) == 4


def test_while_candidates_are_tried_it_says_who_is_next_and_then_who_was_chosen() -> None:
    trying = {"phase": "choosing_candidate", "run": "r", "choice_result": {"wanted": ["a", "b"], "tickets": 30}}
    assert "Tried next: a, b, to 30 tickets" in headline(trying, {"orchestrator": 7})
    chosen = trying | {"phase": "starting_pilot", "candidate": "a", "choice_result": {"wanted": []}}
    lines = headline(chosen, {"orchestrator": 7}).split("\n")
    assert lines[1] == "Candidate: a"
    assert not [line for line in lines if "Tried next" in line]


def test_what_was_spent_is_told_by_model_and_what_nobody_told_is_unknown() -> None:
    teacher = {
        "role": "teacher",
        "alias": "",
        "calls": 1_234,
        "tokens_in": 50_000,
        "tokens_out": 7_000,
        "cost": 0.0123456789,
        "unpriced": 2,
        "seconds": 1.25,
    }
    judge = {**teacher, "role": "judge", "alias": "critic\x1b[31m", "cost": None, "tokens_in": None, "seconds": None}
    assert spent_lines({"r": [teacher, judge]}) == [
        "Spent by r: teacher 1,234 calls, 50,000 tokens in, 7,000 out, cost 0.0123457 and 2 calls of unknown cost, "
        "1.2 s each; judge critic [31m 1,234 calls, 7,000 out, cost unknown"
    ]
    assert spent_lines({}) == []
