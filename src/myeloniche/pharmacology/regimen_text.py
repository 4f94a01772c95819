"""Regimens as text: ``"1.3 mg/m2 sc d1,4,8,11 q21d x8"``; the grammar stands in ``docs/regimens.md``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from myeloniche.errors import ExperimentError, MyelonicheError, nearest_names
from myeloniche.pharmacology.regimen import ROUTES, Amount, Course, Duration, Regimen, Route, written
from myeloniche.units import drug_dose

__all__ = ["read_regimen", "regimen_text"]

_EXAMPLE = "Write it like '1.3 mg/m2 sc d1,4,8,11 q21d x8' or '20 mg/kg ip q2d from day 6 to day 21'."
_NUMBER = r"(?:\d+(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?"
_WORD = re.compile(r"[^\s,]+(?:\s*,\s*[^\s,]+)*")
_EVERY = re.compile(rf"q({_NUMBER})(h|d|w)")
_COUNT = re.compile(r"x(\d+)")
_DAYS = re.compile(r"d\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*")
_ROUTE_WORDS: Mapping[str, Route] = MappingProxyType({**{route: route for route in ROUTES}, "po": "oral"})
_SHORTEST_RUN = 3

Unit = Literal["min", "h", "d", "w"]
Made = TypeVar("Made")


@dataclass(frozen=True)
class _Word:
    """A word of a regimen and where it starts."""

    text: str
    at: int


def read_regimen(text: object, *, where: str = "") -> Regimen:
    """Read a regimen.

    Parameters
    ----------
    text
        One or more courses joined by ``then``; each a dose and a route, and if it is given more than once
        its days, interval and end.
    where
        File and line, used in errors.

    Raises
    ------
    MyelonicheError
        With the place in the text: a UnitError for a dose that is none, an ExperimentError otherwise.
    """
    return _Reader(str(text), where).regimen()


def regimen_text(regimen: Regimen) -> str:
    """Return a regimen as text; reading it gives the regimen again."""
    return " then ".join(_course_text(course) for course in regimen.courses)


def _course_text(course: Course) -> str:
    words = [str(course.amount), course.route]
    if course.over is not None:
        words.append(f"over {written(course.over.number)} {course.over.unit}")
    if course.days != (1,):
        words.append("d" + _days_text(course.days))
    if course.every is not None:
        words.append(f"q{written(course.every.number)}{course.every.unit}")
    if course.count is not None:
        words.append(f"x{course.count}")
    if course.start_day is not None:
        words.append(f"from day {written(course.start_day)}")
    if course.end_day is not None:
        words.append(f"to day {written(course.end_day)}")
    return " ".join(words)


def _days_text(days: tuple[int, ...]) -> str:
    """Return days as ``1-4,9,12``; two in a row are listed, three or more are a run."""
    runs: list[list[int]] = []
    for day in days:
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join(
        f"{run[0]}-{run[-1]}" if len(run) >= _SHORTEST_RUN else ",".join(map(str, run)) for run in runs
    )


class _Reader:
    """One text while it is read from left to right."""

    def __init__(self, text: str, where: str) -> None:
        self.text = text.replace("\N{SUPERSCRIPT TWO}", "2").replace("\N{EN DASH}", "-")
        self.where = where
        words = [_Word(match[0], match.start()) for match in _WORD.finditer(self.text)]
        self.words = words
        self.place = 0

    def regimen(self) -> Regimen:
        """Return the whole of it."""
        courses = [self._course()]
        while self.place < len(self.words):
            self._take()  # 'then', the only word that ends a course
            courses.append(self._course())
        return self._made(lambda: Regimen(tuple(courses)), self.words[0])

    def _course(self) -> Course:
        """Read up to the next ``then`` or the end."""
        first = self._peek()
        amount = self._amount()
        found: dict[str, Any] = {}
        while self.place < len(self.words) and self._peek().text != "then":
            word = self._take()
            name, value = self._part(word)
            if name in found:
                raise self._error(word, f"a second {_PARTS[name]}", "one of it", "Drop one.")
            found[name] = value
        if "route" not in found:
            end = _Word("", len(self.text))
            raise self._error(end, f"no route behind {amount}", ", ".join(ROUTES), _EXAMPLE)
        return self._made(lambda: Course(amount, **found), first)

    def _amount(self) -> Amount:
        """Read ``1.3 mg/m2``."""
        word = self._take("a dose such as '1.3 mg/m2'")
        match = re.match(rf"({_NUMBER})(.*)", word.text)
        if match is None:
            raise self._error(word, repr(word.text), "a dose such as '1.3 mg/m2' first", _EXAMPLE)
        unit = match[2] or self._take("a unit such as mg/kg").text
        unit = (
            unit.replace("\N{MICRO SIGN}", "u").replace("\N{GREEK SMALL LETTER MU}", "u").replace("m^2", "m2")
        )
        amount = Amount(float(match[1]), unit)
        self._made(lambda: drug_dose(str(amount), where=""), word)
        return amount

    def _part(self, word: _Word) -> tuple[str, object]:
        """Return the name and value of the part of a course that a word begins."""
        plain = word.text.replace(" ", "").casefold()
        route = _ROUTE_WORDS.get(plain.replace(".", ""))
        if route is not None:
            return "route", route
        if match := _EVERY.fullmatch(plain):
            return "every", Duration(float(match[1]), _unit(match[2]))
        if match := _COUNT.fullmatch(plain):
            return "count", int(match[1])
        if _DAYS.fullmatch(plain):
            return "days", self._days(word, plain[1:])
        if plain in ("from", "on"):
            return "start_day", self._day(word)
        if plain == "to":
            return "end_day", self._day(word)
        if plain == "over":
            return "over", self._duration()
        raise self._unknown(word)

    def _days(self, word: _Word, text: str) -> tuple[int, ...]:
        """Read ``1-4,9,12``."""
        days: list[int] = []
        for part in text.split(","):
            first, _, last = part.partition("-")
            if last and int(last) <= int(first):
                raise self._error(word, f"days {part}", "a run that ends after it starts", "Swap the two.")
            days += range(int(first), int(last or first) + 1)
        return tuple(days)

    def _day(self, word: _Word) -> float:
        """Read ``day 6`` behind ``from`` or ``to``."""
        got = self._take(f"'{word.text} day 6' or so")
        number = self._take("a number of the day") if got.text == "day" else None
        if number is None or not re.fullmatch(_NUMBER, number.text):
            wrong = number or got
            raise self._error(wrong, repr(wrong.text), f"'{word.text} day 6' or so", "Day 0 is the start.")
        return float(number.text)

    def _duration(self) -> Duration:
        """Read ``15 min``."""
        word = self._take("a time such as '15 min'")
        match = re.fullmatch(rf"({_NUMBER})(min|h|d)?", word.text)
        unit = match[2] or self._take("a unit of time: min, h or d").text if match else ""
        if match is None or unit not in ("min", "h", "d"):
            raise self._error(word, repr(word.text), "a time such as '15 min' or '2 h'", "Correct it.")
        return Duration(float(match[1]), _unit(unit))

    def _peek(self) -> _Word:
        return self.words[self.place] if self.place < len(self.words) else _Word("", len(self.text))

    def _take(self, expected: str = "") -> _Word:
        """Return the next word, refusing the end where `expected` has to follow."""
        if self.place >= len(self.words):
            raise self._error(_Word("", len(self.text)), "the end", expected, _EXAMPLE)
        self.place += 1
        return self.words[self.place - 1]

    def _made(self, make: Callable[[], Made], word: _Word) -> Made:
        """Return what is made, adding the place to what is refused."""
        try:
            return make()
        except MyelonicheError as error:
            raise type(error)(self._placed(word, str(error))) from error

    def _unknown(self, word: _Word) -> ExperimentError:
        """Return the error for a word that is nothing known, with the nearest that is."""
        known = [*_ROUTE_WORDS, "from", "to", "over", "then"]
        nearest = nearest_names(word.text, known, limit=1)
        hint = f"Did you mean {nearest[0]!r}?" if nearest else _EXAMPLE
        expected = (
            f"a route ({', '.join(ROUTES)}), days (d1,8), an interval (q21d), x8, from, to, over or then"
        )
        return self._error(word, repr(word.text), expected, hint)

    def _error(self, word: _Word, got: str, expected: str, remedy: str) -> ExperimentError:
        return ExperimentError(self._placed(word, f"got {got}, expected {expected}. {remedy}"))

    def _placed(self, word: _Word, message: str) -> str:
        """Return a message with the file, the text and a caret under the place."""
        place = f"{self.where}: " if self.where else ""
        return f"{place}regimen: {message}\n    {self.text}\n    {' ' * word.at}^"


_PARTS: Mapping[str, str] = MappingProxyType(
    {
        "route": "route",
        "every": "interval",
        "count": "number of cycles",
        "days": "list of days",
        "start_day": "start",
        "end_day": "end",
        "over": "time of infusion",
    }
)


def _unit(text: str) -> Unit:
    units: dict[str, Unit] = {"min": "min", "h": "h", "d": "d", "w": "w"}
    return units[text]
