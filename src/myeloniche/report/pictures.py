"""From simulated experiments to pictures: blots, time courses and bars, chosen by what was measured."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from myeloniche.lab.experiment import Arm
from myeloniche.lab.result import ExperimentResult, Series
from myeloniche.report.bars import Bar, BarFrame, draw_bars
from myeloniche.report.blot import Annotation, BlotBlock, BlotGroup, BlotRow, draw_blots
from myeloniche.report.curves import Frame, Line, draw_curves
from myeloniche.report.lanes import annotated, last_agent, titles
from myeloniche.report.words import p_value, pretty

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Film", "Picture", "as_picture", "draw_film"]

_BLOTTED = ("blot", "nuclear")
_PAGE_WIDTH = 7.4  # inch, the widest blot that fits the page
_BLOT_MINUTES = (0, 5, 15, 30, 60, 180)  # lanes of a time course; the curves show every time
_LONGEST_IN_MINUTES = 6  # hours; longer courses are drawn in hours
_LONGEST_IN_HOURS = 96  # and longer ones still in days
_DOTS_PER_INCH = 150


@dataclass(frozen=True)
class Picture:
    """An image: its kind (MIME type), content, what it shows in words, a caption, and its width [inch]."""

    kind: str
    content: bytes
    alternative: str
    caption: str
    width: float

    @property
    def uri(self) -> str:
        """The image as a data URI, for a page that needs no other file."""
        return f"data:{self.kind};base64,{base64.b64encode(self.content).decode('ascii')}"

    @property
    def suffix(self) -> str:
        """Suffix of a file that holds the image."""
        return ".png" if self.kind == "image/png" else ".svg"


@dataclass(frozen=True, eq=False)
class Film:
    """One experiment to be drawn: its result, the same with replicates if there are any, and a title."""

    result: ExperimentResult
    repeats: ExperimentResult | None = None
    title: str = ""


@dataclass(frozen=True, eq=False)
class _Measured:
    """What one instrument saw in one cell type, in the arms where it looked, once or over time."""

    film: Film
    instrument: str
    instance: str
    timed: bool
    readouts: tuple[str, ...]
    arms: tuple[Arm, ...]

    def series(self, arm: Arm, readout: str) -> Series:
        return self.film.result.series(arm.name, readout, self.instance)

    def replicates(self, arm: Arm, readout: str) -> tuple[float, ...]:
        if self.film.repeats is None:
            return ()
        series = self.film.repeats.series(arm.name, readout, self.instance)
        return tuple(series.replicates[:, -1].tolist())

    def test(self, readout: str) -> str:
        """Return what the experiment's test says of the replicates, in words; empty if there are none."""
        if self.film.repeats is None or len(self.arms) < 2:
            return ""
        found = self.film.repeats.significance(readout, self.instance)
        return f"{found.test}: {p_value(found.p_value)}"

    def row(self, readout: str, amounts: Sequence[float]) -> BlotRow:
        """Return a strip, exposed like every other lane of this protein in the experiment."""
        exposed = [
            float(value)
            for by_label in self.film.result.arms.values()
            for series in by_label.values()
            if (series.readout, series.instance) == (readout, self.instance)
            for value in series.values
            if math.isfinite(value)
        ]
        return BlotRow(pretty(readout), tuple(float(amount) for amount in amounts), max(exposed, default=0.0))


def draw_film(films: Sequence[Film]) -> list[Picture]:
    """Draw what one experiment shows, for all the cell rows in which it was done.

    Parameters
    ----------
    films
        The experiment, once per cell row.

    Returns
    -------
    A blot if anything was blotted, curves if it was followed over time, bars for everything else.
    """
    measured = [entry for film in films for entry in _measured(film)]
    blots = [entry for entry in measured if entry.instrument in _BLOTTED]
    found = [_blot_picture(blots)] if blots else []
    found.extend(_curve_picture(entry) for entry in measured if entry.timed and _worth_curves(entry))
    found.extend(_last_picture(entry) for entry in measured if entry.timed and entry.film.repeats)
    counts = [entry for entry in measured if entry.instrument not in _BLOTTED and not entry.timed]
    for readout in dict.fromkeys((entry.instance, name) for entry in counts for name in entry.readouts):
        found.append(_bar_picture([entry for entry in counts if entry.instance == readout[0]], readout[1]))
    return found


def _measured(film: Film) -> Iterator[_Measured]:
    """Yield what was read with one instrument in one cell type in the same arms."""
    arms: dict[tuple[str, str, bool, str], list[str]] = {}
    for arm, by_label in film.result.arms.items():
        for series in by_label.values():
            key = (series.instrument, series.instance, series.times_h.size > 1, series.readout)
            arms.setdefault(key, []).append(arm)
    together: dict[tuple[str, str, bool, tuple[str, ...]], list[str]] = {}
    for (instrument, instance, timed, readout), found in arms.items():
        together.setdefault((instrument, instance, timed, tuple(found)), []).append(readout)
    for (instrument, instance, timed, names), readouts in together.items():
        chosen = tuple(film.result.experiment.arm(name) for name in names)
        yield _Measured(film, instrument, instance, timed, tuple(readouts), chosen)


def _worth_curves(entry: _Measured) -> bool:
    """Two times are a blot, not a curve."""
    return entry.series(entry.arms[0], entry.readouts[0]).times_h.size > 2


def _blot_picture(entries: Sequence[_Measured]) -> Picture:
    groups = [group for entry in entries for group in _groups(entry)]
    rows = ", ".join(dict.fromkeys(row.label for group in groups for row in group.rows))
    lanes = sum(group.lanes for group in groups)
    return as_picture(
        draw_blots(_wrapped(groups)),
        "image/png",
        f"Virtual western blot of {rows} over {lanes} lanes; the numbers are in the table below.",
        "Virtual western blot. Each protein is exposed so that its darkest lane of the experiment is black; "
        "the loading control is drawn alike in every lane.",
    )


def _groups(entry: _Measured) -> Iterator[BlotGroup]:
    loading = "p84" if entry.instrument == "nuclear" else "β-actin"
    if not entry.timed:
        rows = tuple(
            entry.row(name, [entry.series(arm, name).values[-1] for arm in entry.arms])
            for name in entry.readouts
        )
        yield BlotGroup(entry.film.title, annotated(entry.arms, measured=entry.instance), rows, loading)
        return
    for arm in entry.arms:
        times_h = entry.series(arm, entry.readouts[0]).times_h
        kept = _kept_times(times_h.tolist())
        times = [
            times_h[index] * 60 if times_h[-1] <= _LONGEST_IN_MINUTES else times_h[index] for index in kept
        ]
        unit = "min" if times_h[-1] <= _LONGEST_IN_MINUTES else "h"
        line = Annotation(unit, tuple(f"{time:.4g}" for time in times))
        rows = tuple(
            entry.row(name, [entry.series(arm, name).values[index] for index in kept])
            for name in entry.readouts
        )
        yield BlotGroup(pretty(arm.name), (line,), rows, loading)


def _kept_times(times_h: Sequence[float]) -> list[int]:
    """Return the times that become lanes: the usual minutes, else a handful evenly chosen."""
    kept = [index for index, time in enumerate(times_h) if round(time * 60) in _BLOT_MINUTES]
    if len(kept) > 1:
        return kept
    step = max(1, -(-len(times_h) // len(_BLOT_MINUTES)))
    return sorted({*range(0, len(times_h), step), len(times_h) - 1})


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
    per_hour, unit = _clock(entry)
    frames = [_frame(entry, readout, names, per_hour) for readout in entry.readouts]
    after = "the start" if entry.arms[0].animal else last_agent(entry.arms[0])
    shown = ", ".join(frame.title for frame in frames)
    return as_picture(
        draw_curves(frames, time_label=f"{unit} after {after}"),
        "image/svg+xml",
        f"Time courses of {shown} after {after} in the arms {', '.join(names)}.",
        f"The same arms at every simulated time after {after}.",
    )


def _clock(entry: _Measured) -> tuple[float, str]:
    """Return how many units of the time axis an hour has, and the unit."""
    longest = max(float(entry.series(arm, entry.readouts[0]).times_h[-1]) for arm in entry.arms)
    if longest <= _LONGEST_IN_MINUTES:
        return 60.0, "min"
    return (1 / 24, "d") if longest > _LONGEST_IN_HOURS else (1.0, "h")


def _frame(entry: _Measured, readout: str, names: Sequence[str], per_hour: float) -> Frame:
    series = [entry.series(arm, readout) for arm in entry.arms]
    lines = tuple(
        Line(name, tuple((found.times_h * per_hour).tolist()), tuple(found.values.tolist()))
        for name, found in zip(names, series, strict=True)
    )
    return Frame(pretty(readout), pretty(series[0].unit), lines)


def _last_picture(entry: _Measured) -> Picture:
    """Draw what animals or cultures showed at the last time, with their replicates."""
    per_hour, unit = _clock(entry)
    time = float(entry.series(entry.arms[0], entry.readouts[0]).times_h[-1]) * per_hour
    frames = [_bar_frame(entry, readout, named=True) for readout in entry.readouts]
    repeats = max(len(bar.replicates) for frame in frames for bar in frame.bars)
    shown = ", ".join(pretty(readout) for readout in entry.readouts)
    return as_picture(
        draw_bars(frames),
        "image/svg+xml",
        f"Bars of {shown} at {time:.4g} {unit} per arm; the numbers are in the table below.",
        f"The same at {time:.4g} {unit}; whiskers are the standard deviation of {repeats} virtual repeats.",
    )


def _bar_picture(entries: Sequence[_Measured], readout: str) -> Picture:
    chosen = [entry for entry in entries if readout in entry.readouts]
    frames = [_bar_frame(entry, readout) for entry in chosen]
    unit = chosen[0].series(chosen[0].arms[0], readout).unit
    repeats = max(len(bar.replicates) for frame in frames for bar in frame.bars)
    whiskers = f"; whiskers are the standard deviation of {repeats} virtual repeats" if repeats > 1 else ""
    return as_picture(
        draw_bars(frames, label=pretty(f"{readout} [{unit}]")),
        "image/svg+xml",
        f"Bars of {pretty(readout)} per arm; the numbers are in the table below.",
        f"Bars are the simulated culture at harvest{whiskers}.",
    )


def _bar_frame(entry: _Measured, readout: str, *, named: bool = False) -> BarFrame:
    """Return the bars of a readout; a named one has the readout in its title and its own axis."""
    bars = tuple(
        Bar(name, float(entry.series(arm, readout).values[-1]), entry.replicates(arm, readout))
        for name, arm in zip(titles(entry.arms), entry.arms, strict=True)
    )
    title = pretty(readout) if named else entry.film.title
    label = pretty(entry.series(entry.arms[0], readout).unit) if named else ""
    return BarFrame(title, bars, label, entry.test(readout))


def as_picture(figure: Figure, kind: str, alternative: str, caption: str) -> Picture:
    """Return a figure as an image of a kind (MIME type), with what it shows in words and a caption."""
    from matplotlib import rc_context

    buffer = io.BytesIO()
    if kind == "image/png":
        figure.savefig(buffer, format="png", dpi=_DOTS_PER_INCH)
    else:
        # text stays text, so that the page is small, searchable and the same on every run
        with rc_context({"svg.fonttype": "none", "svg.hashsalt": "myeloniche"}):
            figure.savefig(buffer, format="svg", metadata={"Date": None})
    return Picture(kind, buffer.getvalue(), alternative, caption, float(figure.get_figwidth()))
