from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.campaign.charts import Panel, bar, histogram, histogram_lines, histograms_svg, interval_line


@given(st.lists(st.floats(0, 1)))
def test_every_score_is_in_one_bin(scores: list[float]) -> None:
    assert sum(histogram(scores)) == len(scores)


@pytest.mark.parametrize(("score", "tenth"), [(0.0, 0), (0.09, 0), (0.1, 1), (0.3, 3), (0.7, 7), (0.99, 9), (1.0, 9)])
def test_a_bin_begins_at_its_tenth(score: float, tenth: int) -> None:
    assert histogram([score])[tenth] == 1


def test_bars_are_proportional_and_never_vanish() -> None:
    assert bar(10, 10, width=4) == "████"
    assert bar(5, 10, width=5) == "██▌"
    assert bar(1, 10_000, width=4) == "▏"
    assert bar(0, 10) == bar(0, 0) == ""


def test_a_histogram_has_a_line_per_bin() -> None:
    lines = histogram_lines([0, 2, 4, 0, 0, 0, 0, 0, 0, 1], width=4)
    assert lines[1:3] == ["0.1-0.2 ██   2", "0.2-0.3 ████ 4"]
    assert lines[-1].startswith("0.9-1.0")
    assert lines[-1].endswith(" 1")


def test_an_interval_shows_its_bounds_its_mean_and_the_limit() -> None:
    assert interval_line(0.2, 0.4, 0.6, 0.8, width=10) == "0[  ──o── | ]1"


def drawn(counts: list[int], caption: str = "asm", limit: float = 0.75) -> ElementTree.Element:
    panel = Panel(caption, counts, 0.5, 0.6, 0.7)
    return ElementTree.fromstring(histograms_svg([panel], limit, caption))  # noqa: S314 -- made here


def of_kind(root: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [child for child in root if child.tag.endswith(kind)]


@given(st.text(), st.floats(0, 1))
def test_an_svg_is_well_formed_whatever_its_texts_are(caption: str, limit: float) -> None:
    root = drawn([1] * 10, caption, limit)
    assert root.tag.endswith("svg")
    assert {child.tag.rpartition("}")[2] for child in root} <= {"title", "rect", "text", "line", "circle"}


def test_an_svg_has_a_bar_and_a_count_where_there_is_one_and_names_its_axis() -> None:
    root = drawn([0, 3, 0, 0, 0, 0, 0, 0, 0, 7])
    assert len(of_kind(root, "rect")) == 1 + 2
    said = [text.text for text in of_kind(root, "text")]
    assert [count for count in said if count in {"0", "3", "7"}] == ["3", "7"]
    assert "quality of a ticket" in said


def test_an_svg_draws_the_mean_in_its_interval_and_the_limit() -> None:
    root = drawn([0] * 9 + [1], limit=0.8)
    (mean,) = of_kind(root, "circle")
    _, limit, interval = of_kind(root, "line")
    left, middle, right = float(interval.get("x1", 0)), float(mean.get("cx", 0)), float(interval.get("x2", 0))
    assert left < middle < right < float(limit.get("x1", 0)) == float(limit.get("x2", 0))
    assert middle - left == pytest.approx(right - middle)
