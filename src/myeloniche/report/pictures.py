"""From simulated panels to pictures: blots, time courses and bars, chosen by what was measured."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from myeloniche.findings.panel import protocol
from myeloniche.findings.scoreboard import Run
from myeloniche.findings.verdict import Course
from myeloniche.report.bars import Bar, BarFrame, draw_bars
from myeloniche.report.blot import Annotation, BlotBlock, BlotGroup, BlotRow, draw_blots
from myeloniche.report.curves import Frame, Line, draw_curves
from myeloniche.report.lanes import annotated, last_agent, titles
from myeloniche.report.words import pretty

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Picture", "pictures_of"]

_BLOTTED = ("blot", "nuclear")
_PAGE_WIDTH = 7.4  # inch, the widest blot that fits the page
_BLOT_MINUTES = (0, 5, 15, 30, 60, 180)  # lanes of a time course; the curves show every time
_DOTS_PER_INCH = 170


@dataclass(frozen=True)
class Picture:
    """An image for the page: its data URI, what it shows in words, a caption, and its width [inch]."""

    uri: str
    alternative: str
    caption: str
    width: float


@dataclass(frozen=True)
class _Measured:
    """One entry of 'measure' in one run: readouts, cell type, and the arms with their courses."""

    run: Run
    instrument: str
    readouts: tuple[str, ...]
    instance: str
    arms: tuple[Mapping[str, Any], ...]

    def course(self, arm: Mapping[str, Any], readout: str) -> Course:
        return self.run.courses[arm["name"], readout, self.instance]

    def row(self, readout: str, amounts: Sequence[float]) -> BlotRow:
        """Return a strip, exposed like every other lane of this protein in the run."""
        exposed = [
            value
            for (_, name, instance), course in self.run.courses.items()
            if (name, instance) == (readout, self.instance)
            for value in course.values
            if math.isfinite(value)
        ]
        return BlotRow(pretty(readout), tuple(amounts), max(exposed, default=0.0))

    @property
    def timed(self) -> bool:
        return len(self.course(self.arms[0], self.readouts[0]).times_h) > 1


def pictures_of(runs: Sequence[Run]) -> list[Picture]:
    """Draw what one published panel shows.

    Parameters
    ----------
    runs
        The runs of the panel, one per cell row.
    """
    measured = [entry for run in runs for entry in _measured(run)]
    blots = [entry for entry in measured if entry.instrument in _BLOTTED]
    counts = [entry for entry in measured if entry.instrument not in _BLOTTED]
    found: list[Picture] = []
    if blots:
        found.append(_blot_picture(blots))
        found.extend(_curve_picture(entry) for entry in blots if entry.timed and len(entry.readouts) > 1)
    if counts:
        found.append(_bar_picture(counts))
    return found


def _measured(run: Run) -> Iterator[_Measured]:
    content = protocol(run.panel, run.cell)
    for measure in content["measure"]:
        instrument = next(word for word in measure if word not in ("at", "arms", "in", "from"))
        several = isinstance(measure[instrument], list)
        instance = measure["in"] if several else measure[instrument]
        prefix = "nuclear " if instrument == "nuclear" else ""
        readouts = tuple(prefix + name for name in measure[instrument]) if several else (instrument,)
        chosen = measure.get("arms", [arm["name"] for arm in content["arms"]])
        arms = tuple(arm for arm in content["arms"] if arm["name"] in chosen)
        yield _Measured(run, instrument, readouts, instance, arms)


def _blot_picture(entries: Sequence[_Measured]) -> Picture:
    groups = [group for entry in entries for group in _groups(entry)]
    rows = ", ".join(dict.fromkeys(row.label for group in groups for row in group.rows))
    lanes = sum(group.lanes for group in groups)
    caption = (
        "Virtual western blot. Each protein is exposed so that its darkest lane of the experiment is black"
    )
    return _png(
        draw_blots(_wrapped(groups)),
        f"Virtual western blot of {rows} over {lanes} lanes; the numbers are in the table below.",
        f"{caption}; the loading control is drawn alike in every lane.",
    )


def _groups(entry: _Measured) -> Iterator[BlotGroup]:
    loading = "p84" if entry.instrument == "nuclear" else "β-actin"
    if not entry.timed:
        title = entry.run.cell or _only_cell(entry.run)
        rows = tuple(
            entry.row(name, [entry.course(arm, name).values[-1] for arm in entry.arms])
            for name in entry.readouts
        )
        yield BlotGroup(title, annotated(entry.arms, measured=entry.instance), rows, loading)
        return
    for arm in entry.arms:
        kept = _kept_times(entry.course(arm, entry.readouts[0]).times_h)
        times = entry.course(arm, entry.readouts[0]).times_h
        minutes = Annotation("min", tuple(f"{times[index] * 60:.0f}" for index in kept))
        rows = tuple(
            entry.row(name, [entry.course(arm, name).values[index] for index in kept])
            for name in entry.readouts
        )
        yield BlotGroup(pretty(arm["name"]), (minutes,), rows, loading)


def _only_cell(run: Run) -> str:
    """Return the cell of a panel that holds only one, else nothing."""
    cells = {str(arm.get("culture")) for arm in run.panel.content["arms"]}
    return cells.pop() if len(cells) == 1 and "_" in run.panel.name else ""


def _kept_times(times_h: Sequence[float]) -> list[int]:
    kept = [index for index, time in enumerate(times_h) if round(time * 60) in _BLOT_MINUTES]
    return kept or list(range(len(times_h)))


def _wrapped(groups: Sequence[BlotGroup]) -> list[BlotBlock]:
    """Put groups of the same form side by side as long as they fit the page."""
    blocks: list[BlotBlock] = []
    for group in groups:
        wider = BlotBlock((*blocks[-1].groups, group)) if blocks else None
        if wider is not None and _same_form(blocks[-1].groups[0], group) and wider.width <= _PAGE_WIDTH:
            blocks[-1] = wider
        else:
            blocks.append(BlotBlock((group,)))
    return blocks


def _same_form(one: BlotGroup, other: BlotGroup) -> bool:
    def form(group: BlotGroup) -> tuple[list[str], list[str]]:
        return [line.label for line in group.annotations], [row.label for row in group.rows]

    return form(one) == form(other)


def _curve_picture(entry: _Measured) -> Picture:
    names = titles(entry.arms)
    frames = [_frame(entry, readout, names) for readout in entry.readouts]
    after = last_agent(entry.arms[0])
    shown = ", ".join(frame.title for frame in frames)
    return _svg(
        draw_curves(frames, time_label=f"min after {after}"),
        f"Time courses of {shown} after {after} in the arms {', '.join(names)}.",
        f"The same arms at every simulated time after {after}.",
    )


def _frame(entry: _Measured, readout: str, names: Sequence[str]) -> Frame:
    courses = [entry.course(arm, readout) for arm in entry.arms]
    lines = tuple(
        Line(name, tuple(time * 60 for time in course.times_h), course.values)
        for name, course in zip(names, courses, strict=True)
    )
    return Frame(pretty(readout), pretty(courses[0].unit), lines)


def _bar_picture(entries: Sequence[_Measured]) -> Picture:
    frames = [_bar_frame(entry) for entry in entries]
    first = entries[0]
    readout = first.readouts[0]
    unit = first.course(first.arms[0], readout).unit
    spread = any(bar.replicates for frame in frames for bar in frame.bars)
    caption = (
        "Bars are the simulated culture; whiskers the standard deviation of virtual replicates."
        if spread
        else ""
    )
    return _svg(
        draw_bars(frames, label=pretty(f"{readout} [{unit}]")),
        f"Bars of {pretty(readout)} per arm; the numbers are in the table below.",
        caption or "Bars are the simulated culture at the time of harvest.",
    )


def _bar_frame(entry: _Measured) -> BarFrame:
    readout = entry.readouts[0]
    courses = [entry.course(arm, readout) for arm in entry.arms]
    bars = tuple(
        Bar(name, course.values[-1], course.replicates)
        for name, course in zip(titles(entry.arms), courses, strict=True)
    )
    return BarFrame(entry.run.cell or _only_cell(entry.run), bars)


def _png(figure: Figure, alternative: str, caption: str) -> Picture:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DOTS_PER_INCH)
    return _picture(figure, "image/png", buffer.getvalue(), alternative, caption)


def _svg(figure: Figure, alternative: str, caption: str) -> Picture:
    from matplotlib import rc_context

    buffer = io.BytesIO()
    # text stays text, so that the page is small, searchable and the same on every run
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "myeloniche"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return _picture(figure, "image/svg+xml", buffer.getvalue(), alternative, caption)


def _picture(figure: Figure, kind: str, content: bytes, alternative: str, caption: str) -> Picture:
    uri = f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
    return Picture(uri, alternative, caption, float(figure.get_figwidth()))
