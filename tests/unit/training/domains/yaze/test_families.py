"""The families: what a good assistant would do in them."""

import pytest

from agents.training.domains.yaze.dialog import Act, Ask, Calls, Case, Tell
from agents.training.domains.yaze.editor import TOOLS
from agents.training.domains.yaze.families import FAMILIES, case_of
from agents.training.domains.yaze.families.clarify import LISTS
from agents.training.domains.yaze.families.scene import are_independent
from agents.training.domains.yaze.ground import Ground
from agents.training.domains.yaze.requests.draw import Call
from agents.training.domains.yaze.world import World


def cases(family: str, level: int = 3, count: int = 60) -> list[Case]:
    return [case_of(family, level, str(salt)) for salt in range(count)]


@pytest.mark.parametrize("family", ["parallel.mixed", "parallel.write", "parallel.read"])
def test_calls_of_one_turn_do_not_depend_on_each_other(family: str) -> None:
    for case in cases(family):
        assert isinstance(case.want, Act)
        assert are_independent(case.world, case.want.goals[0])


def test_a_search_depends_on_the_label_that_is_defined_before_it() -> None:
    world = World(Ground("5"))
    add = Call("symbol-add", {"name": "Harp_Reset", "address": "$00:8000"})
    assert not are_independent(world, [add, Call("symbol-search", {"text": "Harp"})])
    assert are_independent(world, [add, Call("symbol-search", {"text": "Zither"})])


def test_an_edit_waits_for_the_backup() -> None:
    for case in cases("chain.backup_then_write"):
        assert isinstance(case.want, Act)
        made = [call.name for turn in case.turns if isinstance(turn, Calls) for call in turn.calls]
        wanted = [call.name for call in case.want.goals[0]]
        assert len(wanted) == 1
        assert (wanted[0] == "rom-backup") != ("rom-backup" in made)


def test_nothing_is_asked_that_a_look_would_answer() -> None:
    for case in cases("clarify.missing", level=1):
        assert isinstance(case.want, Ask)
        own = [tool for tool in LISTS if any(tool in thought for thought in case.want.thoughts)]
        assert set(LISTS) & set(case.tools) <= set(own)


def test_a_search_uses_only_what_the_user_said() -> None:
    for case in cases("recover.search"):
        assert isinstance(case.want, Act)
        text = case.want.goals[0][0].arguments["text"].lower()
        assert any(text in form.lower() for turn in case.turns for form in getattr(turn, "clauses", ((),))[0])


def test_every_tool_is_wanted_somewhere() -> None:
    used = {
        call.name
        for family in FAMILIES
        for case in cases(family, count=40)
        for turn in (*case.turns, case.want)
        for call in (turn.calls if isinstance(turn, Calls) else turn.goals[0] if isinstance(turn, Act) else ())
    }
    assert used == set(TOOLS)


def test_what_is_saved_or_differs_is_told() -> None:
    told = [case for case in cases("multi_turn.wrap_up") if isinstance(case.want, Tell)]
    last = [turn.results[-1] for case in told for turn in case.turns[-1:] if isinstance(turn, Calls)]
    assert {"saved", "backup"} <= {key for result in last for key in result}
    assert all(result["changed_bytes"] + result["other_changes"] > 0 for result in last)


def test_a_check_is_told_only_after_it_was_made() -> None:
    told = [case for case in cases("chain.verify") if isinstance(case.want, Tell)]
    assert 5 < len(told) < 30
    assert all(sum(isinstance(turn, Calls) for turn in case.turns) == 2 for case in told)


def test_the_cause_of_a_malformed_call_is_named() -> None:
    for case in cases("recover.retry"):
        assert isinstance(case.want, Act)
        bad, good = case.turns[-1].calls[0].arguments, case.want.goals[0][0].arguments  # type: ignore[union-attr]
        differing = [key for key in good if bad.get(key) != good[key]]
        assert all(any(key in thought for key in differing) for thought in case.want.thoughts)
