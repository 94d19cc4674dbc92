"""Figures with their spread and their bounds, as a table in Markdown."""

import statistics
from dataclasses import dataclass, field


@dataclass
class Row:
    """One figure, measured several times: what counts is the median."""

    what: str
    unit: str
    values: list
    bound: float | None = None  # the median may not be over it
    at_least: float | None = None  # nor under this

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def missed(self) -> bool:
        too_much = self.bound is not None and self.median > self.bound
        return too_much or (self.at_least is not None and self.median < self.at_least)

    @property
    def limit(self) -> str:
        if self.at_least is not None:
            return f"≥ {self.at_least:g} {self.unit}".strip()
        return f"≤ {self.bound:g} {self.unit}".strip() if self.bound is not None else ""

    def cells(self) -> list:
        spread = f"{number(min(self.values))} – {number(max(self.values))}" if len(self.values) > 1 else ""
        verdict = ("**missed**" if self.missed else "ok") if self.limit else ""
        return [self.what, f"{number(self.median)} {self.unit}".strip(), spread, self.limit, verdict]


@dataclass
class Section:
    title: str
    rows: list = field(default_factory=list)

    def add(self, what: str, unit: str, values: list, bound: float | None = None):
        self.rows.append(Row(what, unit, values, bound))

    def add_ratio(self, what: str, values: list, bases: list, bound: float | None = None, at_least: float | None = None):
        """Each value over what was measured beside it: what the machine did to both is not in it."""
        ratios = [value / base for value, base in zip(values, bases, strict=True)]
        self.rows.append(Row(what, "", ratios, bound, at_least))

    def markdown(self) -> str:
        lines = [row.cells() for row in self.rows]
        head = ["", "median", "lowest – highest", "bound", ""]
        widths = [max(3, *(len(line[i]) for line in [head, *lines])) for i in range(len(head))]
        rule = ["-" * (w - 1) + (":" if i in (1, 2) else "-") for i, w in enumerate(widths)]
        aligned = ["| " + " | ".join(pad(cell, i, w) for i, (cell, w) in enumerate(zip(line, widths))) + " |"
                   for line in [head, rule, *lines]]
        return "\n".join([f"## {self.title}", "", *aligned, ""])


def pad(cell: str, column: int, width: int) -> str:
    return cell.rjust(width) if column in (1, 2) else cell.ljust(width)


def number(value: float) -> str:
    """To three digits, or all of a large number's."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
