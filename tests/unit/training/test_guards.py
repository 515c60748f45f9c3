from __future__ import annotations

from dataclasses import replace
from random import Random

import orjson
import pytest

from agents.training.guards import Alarm, Floors, Guards, Settled

FLOORS = Floors.of(0.75, 0.5, planned=1_000, domains=1, error_level=0.05)
GOOD = Settled("asm", 0.9, True, "m1")
BAD = Settled("asm", 0.0, False, "m1")


def seen(guards: Guards, tickets: list[Settled]) -> tuple[Guards, list[Alarm]]:
    """Show the tickets to the guards; return all alarms."""
    alarms = []
    for ticket in tickets:
        guards, alarm = guards.after(ticket)
        alarms += [alarm] if alarm else []
    return guards, alarms


def test_good_tickets_alarm_never_and_bad_ones_soon() -> None:
    calm, alarms = seen(Guards(FLOORS, ("asm",)), [GOOD] * 900)
    assert alarms == []
    found, alarms = seen(calm, [BAD] * 40)
    assert alarms[0].guard == "quality"
    assert "quality has fallen below 0.75" in alarms[0].cause
    assert "campaign resume" in alarms[0].cure
    assert found.streams["quality"].seen == 940


def test_acceptance_is_watched_by_itself() -> None:
    rng = Random(4)
    useless = [Settled("asm", 0.95, rng.random() < 0.1, "m1") for _ in range(200)]
    _, alarms = seen(Guards(FLOORS, ("asm",)), useless)
    assert alarms[0].guard == "acceptance"


def test_a_domain_of_its_own_is_watched_where_there_are_several() -> None:
    floors = Floors.of(0.75, 0.0, planned=1_000, domains=2, error_level=0.05)
    mixed = [replace(GOOD, quality=1.0)] * 9 + [Settled("yaze", 0.3, True, "m2")]
    _, alarms = seen(Guards(floors, ("asm", "yaze")), mixed * 60)
    assert {alarm.guard for alarm in alarms} == {"quality of yaze"}


@pytest.mark.parametrize("floor", [0.0, 1.0])
def test_a_floor_that_cannot_be_fallen_below_watches_nothing(floor: float) -> None:
    floors = Floors.of(floor, floor, planned=1_000, domains=1, error_level=0.05)
    found, alarms = seen(Guards(floors, ("asm",)), [BAD] * 500)
    assert (dict(found.streams), alarms) == ({}, [])


def test_another_model_alarms_at_once_and_each_domain_has_its_own() -> None:
    guards, alarms = seen(Guards(FLOORS, ("asm", "yaze")), [GOOD, replace(GOOD, domain="yaze", model="m2"), GOOD])
    assert alarms == []
    _, alarms = seen(guards, [replace(GOOD, model="m3")])
    assert alarms[0].guard == "model"
    assert "answered by m1, and now is by m3" in alarms[0].cause


def test_what_is_known_survives_as_json_and_a_stream_of_another_floor_begins_anew() -> None:
    guards, _ = seen(Guards(FLOORS, ("asm",)), [GOOD] * 30 + [BAD] * 3)
    stored = orjson.loads(orjson.dumps(guards.document()))
    assert Guards(FLOORS, ("asm",)).taken_up(stored) == guards
    other = Guards(replace(FLOORS, quality=0.7), ("asm",)).taken_up(stored)
    assert set(other.streams) == {"acceptance"}
    assert Guards(FLOORS, ("asm",)).taken_up({}) == Guards(FLOORS, ("asm",))
