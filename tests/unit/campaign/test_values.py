from __future__ import annotations

import pickle
from dataclasses import replace

import pytest

from agents.campaign.values import value


@value
class Point:
    x: int
    y: int = 0


def test_values_are_compared_and_hashed_by_their_fields() -> None:
    assert Point(1) == Point(1, 0) != Point(1, 2)
    assert len({Point(1), Point(1, 0), Point(1, 2)}) == 2
    assert repr(Point(1)) == "Point(x=1, y=0)"


def test_a_value_with_another_field_is_a_new_one() -> None:
    point = Point(1, 2)
    assert replace(point, y=3) == Point(1, 3)
    assert point == Point(1, 2)


def test_a_value_has_no_other_fields_and_can_be_sent_to_another_process() -> None:
    with pytest.raises(AttributeError):
        Point(1).z = 2  # type: ignore[attr-defined]
    assert pickle.loads(pickle.dumps(Point(1, 2))) == Point(1, 2)  # noqa: S301 -- our own
