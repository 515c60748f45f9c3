from __future__ import annotations

import itertools
import re

import pytest

from agents.campaign.errors import ExitCode
from agents.campaign.phases import TABLE, Happening, Phase, step

VERBS = {"auto", "monitor", "validate", "launch", "status", "logs", "stop", "approve", "report", "samples", "resume"}

ENDS = {
    "campaign_complete": 0,
    "validation_failed": 3,
    "awaiting_approval": 5,
    "launch_failed": 1,
    "campaign_failed": 1,
    "paused": 6,
    "stopped": 6,
}
UNDER_WAY = [
    "choosing_candidate",
    "starting_pilot",
    "monitoring_pilot",
    "validating_pilot",
    "validation_complete",
    "campaign_launched",
    "after_campaign",
]


def ways_into(phase: Phase) -> set[tuple[str, str]]:
    return {(before.value, happening.value) for (before, happening), after in TABLE.items() if after is phase}


def reachable(start: Phase) -> set[Phase]:
    found, edge = {start}, [start]
    while edge:
        here = edge.pop()
        new = {after for (before, _), after in TABLE.items() if before is here} - found
        found |= new
        edge += new
    return found


def test_the_phases_are_those_that_readers_rely_on() -> None:
    assert {phase.value for phase in Phase} == {*ENDS, *UNDER_WAY}


@pytest.mark.parametrize("phase", Phase)
def test_ends_have_their_exit_codes_and_other_phases_are_no_ends(phase: Phase) -> None:
    assert phase.is_end is (phase.value in ENDS)
    assert phase.exit_code == ENDS.get(phase.value, ExitCode.FAILED)


@pytest.mark.parametrize(("phase", "happening"), [*itertools.product(Phase, Happening)])
def test_a_step_is_in_the_table_or_an_error(phase: Phase, happening: Happening) -> None:
    if (phase, happening) in TABLE:
        assert step(phase, happening) is TABLE[phase, happening]
    else:
        with pytest.raises(ValueError, match=f"{happening} cannot happen in phase {phase}"):
            step(phase, happening)


def test_the_way_of_the_seed() -> None:
    phase = Phase.STARTING_PILOT
    seen = []
    for happening in ("pilot_started", "pilot_complete", "approved", "launched", "campaign_done"):
        phase = step(phase, Happening(happening))
        seen.append(phase.value)
    assert seen == [
        "monitoring_pilot",
        "validating_pilot",
        "validation_complete",
        "campaign_launched",
        "campaign_complete",
    ]


def test_only_a_launch_leads_to_a_campaign_and_only_its_end_completes_it() -> None:
    assert ways_into(Phase.CAMPAIGN_LAUNCHED) == {
        ("validation_complete", "launched"),
        ("campaign_launched", "relaunched"),
    }
    assert ways_into(Phase.CAMPAIGN_COMPLETE) == {
        ("campaign_launched", "campaign_done"),
        ("after_campaign", "follow_ups_done"),
    }
    assert ways_into(Phase.AFTER_CAMPAIGN) == {
        ("campaign_launched", "follow_ups_begun"),
        ("after_campaign", "follow_up_ended"),
    }


def test_of_the_gate_only_an_approval_leads_on_to_the_launch() -> None:
    assert {happening for _, happening in ways_into(Phase.VALIDATION_COMPLETE)} == {"approved", "resumed_launch"}
    assert ("validating_pilot", "approved") in ways_into(Phase.VALIDATION_COMPLETE)


def test_no_auto_launch_waits_for_a_person_and_is_no_failure() -> None:
    assert step(Phase.VALIDATION_COMPLETE, Happening.APPROVAL_NEEDED) is Phase.AWAITING_APPROVAL
    assert Phase.AWAITING_APPROVAL.exit_code is ExitCode.WAITING


def test_a_complete_campaign_is_only_taken_up_again_by_a_person() -> None:
    happenings = [happening for phase, happening in TABLE if phase is Phase.CAMPAIGN_COMPLETE]
    assert all(happening.startswith("resumed_") for happening in happenings)


@pytest.mark.parametrize("phase", [phase for phase in Phase if not phase.is_end])
def test_every_phase_under_way_can_end_well_be_stopped_and_be_resumed(phase: Phase) -> None:
    assert Phase.CAMPAIGN_COMPLETE in reachable(phase)
    assert step(phase, Happening.STOP_ASKED) is Phase.STOPPED
    assert any(phase in reachable(end) for end in Phase if end.is_end)


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase.is_end and phase is not Phase.CAMPAIGN_COMPLETE])
def test_running_again_leads_on_from_every_other_end(phase: Phase) -> None:
    assert Phase.CAMPAIGN_COMPLETE in reachable(phase)
    with pytest.raises(ValueError, match="stop_asked"):
        step(phase, Happening.STOP_ASKED)


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_says_what_to_do_next(phase: Phase) -> None:
    assert phase.next_step.endswith(".")
    assert set(re.findall(r"`campaign (\w+)", phase.next_step)) <= VERBS
