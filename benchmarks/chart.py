"""Curves side by side in one SVG file, which GitHub and editors show as it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import log10

_WIDTH, _HEIGHT = 360, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 16, 52, 50
_COLORS = ("#2563c9", "#c2410c", "#15803d")

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Panel:
    """One diagram. The vertical axis begins at 0; the horizontal one is logarithmic where told."""

    title: str
    across: str
    curves: Mapping[str, Points]
    """By their names, which have their units."""
    logarithmic: bool = False
    limit: tuple[str, float] | None = None
    """A goal: its name, and where its line is drawn."""


def draw(panels: Sequence[Panel]) -> str:
    """The panels as an SVG document."""
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH * len(panels)} {_HEIGHT}" '
            f'width="{_WIDTH * len(panels)}" height="{_HEIGHT}" font-family="system-ui, sans-serif" font-size="11" '
            'fill="#333">'
        ),
        '<rect width="100%" height="100%" fill="#fff"/>',
    ]
    for number, panel in enumerate(panels):
        parts += [f'<g transform="translate({number * _WIDTH} 0)">', *_panel(panel), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel) -> list[str]:
    points = [point for curve in panel.curves.values() for point in curve]
    highest = max([y for _, y in points] + ([panel.limit[1]] if panel.limit else []))
    step = _step(highest)
    top = step * (int(highest / step) + 1)
    xs = sorted({x for x, _ in points})
    bottom = _HEIGHT - _BOTTOM

    def across(x: float) -> float:
        low, high, at = (log10(v) for v in (xs[0], xs[-1], x)) if panel.logarithmic else (xs[0], xs[-1], x)
        return _LEFT + (at - low) / ((high - low) or 1) * (_WIDTH - _LEFT - _RIGHT)

    def up(y: float) -> float:
        return bottom - y / top * (bottom - _TOP)

    lines = [f'<text x="{_LEFT}" y="18" font-size="13" font-weight="600">{escape(panel.title)}</text>']
    for tick in range(int(top / step) + 1):
        y = up(tick * step)
        lines.append(f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}" stroke="#e5e5e5"/>')
        lines.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_number(tick * step)}</text>')
    shown = xs if panel.logarithmic else [xs[0], xs[len(xs) // 2], xs[-1]]
    lines += [f'<text x="{across(x):.1f}" y="{bottom + 16}" text-anchor="middle">{_number(x)}</text>' for x in shown]
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    lines.append(f'<text x="{middle}" y="{bottom + 36}" text-anchor="middle">{escape(panel.across)}</text>')
    if panel.limit:
        name, value = panel.limit
        y = up(value)
        lines.append(f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}" stroke="#999" stroke-dasharray="4 3"/>')
        lines.append(f'<text x="{_WIDTH - _RIGHT}" y="{y - 4:.1f}" text-anchor="end" fill="#777">{escape(name)}</text>')
    for number, (name, curve) in enumerate(panel.curves.items()):
        color = _COLORS[number % len(_COLORS)]
        path = "L".join(f"{across(x):.1f} {up(y):.1f}" for x, y in curve)
        lines.append(f'<path d="M{path}" fill="none" stroke="{color}" stroke-width="1.8"/>')
        lines += [f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="2.4" fill="{color}"/>' for x, y in curve]
        left = _LEFT + number * 150
        lines.append(f'<path d="M{left} 34h14" stroke="{color}" stroke-width="3"/>')
        lines.append(f'<text x="{left + 19}" y="38">{escape(name)}</text>')
    return lines


def _step(highest: float) -> float:
    """A round step that divides an axis into about five."""
    unit = 10.0 ** int(log10(highest or 1))
    return next(unit * factor for factor in (0.1, 0.2, 0.5, 1, 2, 5) if highest / (unit * factor) <= 6)


def _number(value: float) -> str:
    if value >= 1_000_000:
        return f"{value / 1_000_000:.3g}M"
    if value >= 10_000:
        return f"{value / 1000:.3g}k"
    return f"{value:g}"
