"""Small plots as SVG: numbers over how many there are of something, on a logarithmic axis."""

import math
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 420, 260           # Of a panel.
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 34, 40  # Around its axes.
COLUMNS = 2
TICKS = 4
COLOURS = ("#2563eb", "#d97706", "#059669", "#dc2626")


@dataclass(frozen=True)
class Panel:
    title: str
    lines: dict  # {what: [(x, y), ...]}, all x above 0.
    x_title: str


def short(value):
    for factor, letter in ((1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{value / factor:g}{letter}"
    return f"{value:.3g}"


def nice_top(value):
    """The least of 1, 2, 4, 5, 8, 10 times a power of ten that is no less."""
    power = 10 ** math.floor(math.log10(value)) if value > 0 else 1
    return next(step * power for step in (1, 2, 4, 5, 8, 10) if step * power >= value)


class Axes:
    """Where a point of a panel is."""

    def __init__(self, panel):
        points = [point for line in panel.lines.values() for point in line]
        self.xs = sorted({x for x, _ in points})
        self.top = nice_top(max((y for _, y in points), default=1))
        self.first = math.log10(self.xs[0]) if self.xs else 0
        self.span = (math.log10(self.xs[-1]) - self.first if self.xs else 0) or 1

    def x(self, value):
        share = (math.log10(value) - self.first) / self.span
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, value):
        return HEIGHT - BOTTOM - value / self.top * (HEIGHT - TOP - BOTTOM)


def text(x, y, words, how=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" {how}>{escape(words)}</text>'


def frame(panel, axes):
    """Title, axes and their ticks."""
    bottom = HEIGHT - BOTTOM
    parts = [text(LEFT, 16, panel.title, 'font-weight="bold"'),
             text((LEFT + WIDTH) / 2, HEIGHT - 6, panel.x_title, 'text-anchor="middle"')]
    for tick in range(TICKS + 1):
        value = axes.top * tick / TICKS
        parts.append(f'<path d="M{LEFT} {axes.y(value):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(text(LEFT - 6, axes.y(value) + 4, short(value), 'text-anchor="end"'))
    for x in axes.xs:
        parts.append(f'<path d="M{axes.x(x):.1f} {bottom}v4" stroke="#555"/>')
        parts.append(text(axes.x(x), bottom + 16, short(x), 'text-anchor="middle"'))
    return parts


def curve(points, axes, colour):
    at = [f"{axes.x(x):.1f},{axes.y(y):.1f}" for x, y in points]
    dots = [f'<circle cx="{p.split(",")[0]}" cy="{p.split(",")[1]}" r="3" fill="{colour}"/>'
            for p in at]
    return [f'<polyline points="{" ".join(at)}" fill="none" stroke="{colour}"/>', *dots]


def drawn(panel):
    axes = Axes(panel)
    parts = frame(panel, axes)
    for index, (what, points) in enumerate(panel.lines.items()):
        colour = COLOURS[index % len(COLOURS)]
        parts += curve(points, axes, colour)
        if len(panel.lines) > 1:
            parts.append(text(LEFT + 8 + 70 * index, TOP - 4, what, f'fill="{colour}"'))
    return "\n".join(parts)


def svg(panels):
    rows = math.ceil(len(panels) / COLUMNS)
    placed = [f'<g transform="translate({i % COLUMNS * WIDTH} {i // COLUMNS * HEIGHT})">\n'
              f"{drawn(panel)}\n</g>" for i, panel in enumerate(panels)]
    size = f"{COLUMNS * WIDTH} {rows * HEIGHT}"
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" '
            'font-family="sans-serif" font-size="11" fill="#222">\n'
            f'<rect width="100%" height="100%" fill="#fff"/>\n' + "\n".join(placed) + "\n</svg>\n")
