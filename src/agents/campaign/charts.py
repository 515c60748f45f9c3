"""Small charts of scores: as lines for a terminal, and as one standalone SVG.

Pure. Owns how counts and intervals are drawn. Never computes a verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from agents.campaign.printable import printable

BINS = 10
"""A histogram of scores has one bar for each tenth of [0, 1]; 1.0 belongs to the last."""

_EIGHTHS = " ▏▎▍▌▋▊▉"
_WIDTH, _PANEL, _BARS, _LEFT = 640, 215, 110, 50
_STEP = 54


def histogram(scores: Iterable[float]) -> list[int]:
    """Return how many of ``scores`` in [0, 1] are in each tenth."""
    counts = [0] * BINS
    for score in scores:
        counts[min(BINS - 1, int(score * BINS + 1e-9))] += 1
    return counts


def bar(value: float, most: float, width: int = 40) -> str:
    """Return ``value`` as blocks, ``most`` being ``width`` characters; what is not 0 shows at least a sliver."""
    if value <= 0 or most <= 0:
        return ""
    eighths = max(1, round(value / most * width * 8))
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def histogram_lines(counts: Sequence[int], width: int = 40) -> list[str]:
    """Return one line per bin: its range, a bar and its count."""
    most = max(counts, default=0)
    return [
        f"{tenth / BINS:.1f}-{(tenth + 1) / BINS:.1f} {bar(count, most, width):{width}} {count}"
        for tenth, count in enumerate(counts)
    ]


def interval_line(lower: float, mean: float, upper: float, limit: float, width: int = 50) -> str:
    """Return the axis from 0 to 1 with the interval, its mean (``o``) and the limit (``|``)."""
    cells = [" "] * width

    def place(value: float) -> int:
        return min(width - 1, max(0, int(value * width)))

    for cell in range(place(lower), place(upper) + 1):
        cells[cell] = "─"
    cells[place(mean)] = "o"
    cells[place(limit)] = "|"
    return f"0[{''.join(cells)}]1"


@dataclass(frozen=True, slots=True)
class Panel:
    """One histogram with its caption, and the mean of its scores between its bounds."""

    caption: str
    counts: Sequence[int]
    lower: float
    mean: float
    upper: float


def histograms_svg(panels: Sequence[Panel], limit: float, title: str) -> str:
    """Return a standalone SVG with one histogram under the other: means, intervals, and the limit as a dashed line."""
    height = 40 + _PANEL * len(panels)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        'font-family="sans-serif" font-size="12" role="img">',
        f"<title>{_text(title)}</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="24" font-size="14" font-weight="bold">{_text(title)}</text>',
    ]
    for index, panel in enumerate(panels):
        parts += _panel(panel, limit, 40 + index * _PANEL)
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel, limit: float, top: int) -> list[str]:
    """Return a panel; what a count could cross is drawn before it, and the count has a white edge."""
    interval, floor, most = top + 30, top + 52 + _BARS, max([1, *panel.counts])
    bars, counts, ticks = [], [], []
    for tenth, count in enumerate(panel.counts):
        x, tall = _LEFT + tenth * _STEP, round(_BARS * count / most, 1)
        ticks.append(f'<text x="{x}" y="{floor + 15}" text-anchor="middle" fill="#555555">{tenth / BINS:.1f}</text>')
        if count:
            colour = "#2b7a4b" if (tenth + 1) / BINS > limit + 1e-9 else "#b5543c"
            bars.append(f'<rect x="{x + 3}" y="{floor - tall}" width="{_STEP - 6}" height="{tall}" fill="{colour}"/>')
            counts.append(
                f'<text x="{x + _STEP // 2}" y="{floor - tall - 3}" text-anchor="middle" stroke="#ffffff" '
                f'stroke-width="3" paint-order="stroke">{count}</text>'
            )
    right, middle = _place(1.0), _place(0.5)
    return [
        f'<text x="{_LEFT}" y="{top + 16}">{_text(panel.caption)}</text>',
        *bars,
        f'<line x1="{_LEFT}" y1="{floor}" x2="{right}" y2="{floor}" stroke="#555555"/>',
        _line(limit, limit, interval - 6, floor, 'stroke-dasharray="4 3"'),
        _line(panel.lower, panel.upper, interval, interval, 'stroke-width="2"'),
        f'<circle cx="{_place(panel.mean)}" cy="{interval}" r="4"/>',
        *counts,
        *ticks,
        f'<text x="{right}" y="{floor + 15}" text-anchor="middle" fill="#555555">1.0</text>',
        f'<text x="{middle}" y="{floor + 31}" text-anchor="middle" fill="#555555">quality of a ticket</text>',
    ]


def _line(left: float, right: float, top: int, bottom: int, look: str) -> str:
    """Return a black line between two qualities and two heights."""
    return f'<line x1="{_place(left)}" y1="{top}" x2="{_place(right)}" y2="{bottom}" stroke="#000000" {look}/>'


def _place(quality: float) -> float:
    """Return where on the axis a quality in [0, 1] is."""
    return round(_LEFT + quality * BINS * _STEP, 1)


def _text(text: str) -> str:
    return escape(printable(text))
