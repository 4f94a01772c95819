"""Reading experiment files, with every problem of a file at its line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from myeloniche.errors import ExperimentError, MyelonicheError, UnknownNameError, raise_all
from myeloniche.lab.experiment import Arm, Experiment, Measure, Replicates, Step, Test
from myeloniche.lab.readouts.instrument import INSTRUMENTS, Instrument, find_instrument
from myeloniche.lab.steps import WORDS
from myeloniche.pharmacology.drug_file import is_drug_file
from myeloniche.units import fraction
from myeloniche.yaml_file import EntryPath, YamlFile, as_yaml_file, parse_yaml, unknown_key

__all__ = ["read_experiments"]

_KEYS = ("title", "source", "cells", "arms", "measure", "replicates")
_OTHER_FLOORS = ("findings", "choices")  # a file of a published panel says more than the laboratory reads
_ARM_KEYS = ("name", "culture", "coculture", "animal", "steps")
_MEASURE_KEYS = ("in", "at", "from", "arms")
_REPLICATE_KEYS = ("n", "spread", "test", "seed")
_CELL = "{cell}"


def read_experiments(
    source: str | Path | Mapping[str, Any], *, name: str = "", folder: str | Path | None = None
) -> tuple[Experiment, ...]:
    """Read an experiment file; one that names several cells gives one experiment for each.

    Parameters
    ----------
    source
        Path of the file, or what such a file says as a mapping.
    name
        Name in errors; the file's own by default.
    folder
        Where drug files that it names are looked for; the file's own folder by default.

    Raises
    ------
    MyelonicheError
        With every problem of the file, each with its line.
    """
    if isinstance(source, Mapping):
        file = as_yaml_file(dict(source), name or str(source.get("title", "experiment")))
        return _Reader(file, Path(folder or ".")).experiments()
    path = Path(source)
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ExperimentError(f"{path}: cannot be read: {error}. Check the path.") from error
    return _Reader(parse_yaml(text, name or path.name), Path(folder or path.parent)).experiments()


class _Reader:
    """One file while it is read; problems are gathered."""

    def __init__(self, file: YamlFile, folder: Path) -> None:
        self.file = file
        self.folder = folder
        self.problems: list[MyelonicheError] = []

    def experiments(self) -> tuple[Experiment, ...]:
        """Return the experiments of the file, or raise every problem."""
        if not isinstance(self.file.data, dict):
            raise ExperimentError(f"{self.file.name}: got no keys, expected 'title', 'arms' and 'measure'.")
        cells = self._cells()
        read = tuple(self._experiment(cell) for cell in cells)
        raise_all(_unique(self.problems), title=self.file.name)
        return read

    def _experiment(self, cell: str) -> Experiment:
        """Return the experiment for one cell; an empty name if the file names its own."""
        data = self.file.data
        self._refuse_unknown((), data, (*_KEYS, *_OTHER_FLOORS), "an experiment")
        title = self._text((), data, "title", required=True)
        return Experiment(
            title=f"{title}: {cell}" if cell else title,
            source=self._text((), data, "source"),
            arms=self._arms(cell),
            measures=tuple(
                self._measure(("measure", place), entry)
                for place, entry in enumerate(self._list((), data, "measure", required=True))
            ),
            replicates=self._replicates(),
            cell=cell,
            name=self.file.name,
        )

    def _cells(self) -> tuple[str, ...]:
        """Return the cells for which the file is run."""
        if "cells" not in self.file.data:
            return ("",)
        cells = tuple(str(cell) for cell in self._list((), self.file.data, "cells"))
        if not cells:
            self._problem(("cells",), "got no cells, expected at least one. Name some, or remove the key.")
        return cells or ("",)

    def _arms(self, cell: str) -> tuple[Arm, ...]:
        """Return the arms, refusing two of one name."""
        entries = self._list((), self.file.data, "arms", required=True)
        arms = [self._arm(("arms", place), entry, cell) for place, entry in enumerate(entries)]
        names = [arm.name for arm in arms]
        for place, name in enumerate(names):
            if name in names[:place]:
                self._problem(("arms", place), f"got arm {name!r} twice, expected two names. Rename one.")
        return tuple(arms)

    def _arm(self, path: EntryPath, entry: Any, cell: str) -> Arm:
        """Return one arm."""
        where = self.file.where(path)
        if not self._is_mapping(path, entry, "an arm such as {name: control, culture: RPMI8226}"):
            return Arm("", (), where=where)
        self._refuse_unknown(path, entry, _ARM_KEYS, "an arm")
        name = self._text(path, entry, "name", required=True)
        cells = tuple(_filled(text, cell) for text in self._dish(path, entry))
        if any(_CELL in text for text in cells):
            self._problem(path, f"got '{_CELL}', expected 'cells: [...]' at the top as well. Add it.")
        steps = tuple(
            step
            for place, listed in enumerate(self._list(path, entry, "steps"))
            for step in self._steps((*path, "steps", place), listed, cell)
        )
        return Arm(name, cells, steps, where, self._text(path, entry, "animal"))

    def _dish(self, path: EntryPath, entry: dict[str, Any]) -> tuple[str, ...]:
        """Return the cells that a dish starts with; none for an animal."""
        if sum(word in entry for word in ("culture", "coculture", "animal")) != 1:
            expected = "'culture: CELL', 'coculture: [CELL, CELL]' or 'animal: mouse'"
            self._problem(path, f"got no single dish or animal, expected one of {expected}.")
        if "animal" in entry:
            return ()
        if "culture" in entry:
            return (str(entry["culture"]),)
        cells = self._list(path, entry, "coculture")
        if "coculture" in entry and len(cells) < 2:
            self._problem((*path, "coculture"), "got fewer than two, expected 'coculture: [CELL, CELL]'.")
        return tuple(str(cell) for cell in cells)

    def _steps(self, path: EntryPath, entry: Any, cell: str) -> list[Step]:
        """Return the step of a list entry; an entry may hold several steps under different words."""
        if isinstance(entry, str):
            entry = {entry: {}}
        if not self._is_mapping(path, entry, "a step such as {wait: 3 h}"):
            return []
        return [
            step
            for word, arguments in entry.items()
            if (step := self._step(path, str(word), arguments, cell)) is not None
        ]

    def _step(self, path: EntryPath, word: str, arguments: Any, cell: str) -> Step | None:
        """Return one step."""
        if word not in WORDS:
            self.problems.append(unknown_key(self.file, path, word, WORDS, "the steps"))
            return None
        form, below = WORDS[word], (*path, word)
        if arguments is None:
            arguments = {}
        elif not isinstance(arguments, dict):
            if not form.short or isinstance(arguments, list):
                names = ", ".join(f"{name}: ..." for name in (*form.required, *form.optional))
                self._problem(below, f"{word}: got {arguments!r}, expected {{{names}}}.")
                return None
            arguments = {form.short: arguments}
        self._refuse_unknown(below, arguments, (*form.required, *form.optional), repr(word))
        where = self.file.where(below)
        return Step(word, {str(key): self._argument(value, cell) for key, value in arguments.items()}, where)

    def _argument(self, value: Any, cell: str) -> object:
        """Return an argument with the cell filled in and the path of a drug file made whole."""
        if not isinstance(value, str):
            return value
        filled = _filled(value, cell)
        return str(self.folder / filled) if is_drug_file(filled) else filled

    def _measure(self, path: EntryPath, entry: Any) -> Measure:
        """Return one measurement."""
        where = self.file.where(path)
        if not self._is_mapping(path, entry, "a measurement such as {blot: [p-TAK1], in: MM, at: 15 min}"):
            return Measure("", where=where)
        words = [str(key) for key in entry if key not in _MEASURE_KEYS]
        instrument = self._instrument(path, words)
        value = entry[words[0]] if words else None
        listed = value if isinstance(value, list) else [value]
        named = tuple(str(name) for name in listed if name is not None)
        chooses = instrument is None or instrument.chooses
        return Measure(
            instrument=instrument.name if instrument else "",
            readouts=named if chooses else (),
            cell=self._text(path, entry, "in") if chooses else (named[0] if named else ""),
            at=self._text(path, entry, "at"),
            origin=self._text(path, entry, "from"),
            arms=tuple(str(arm) for arm in self._list(path, entry, "arms")),
            where=where,
        )

    def _instrument(self, path: EntryPath, words: list[str]) -> Instrument | None:
        """Return the instrument that a measurement names by its one key that is not another word."""
        known = {*INSTRUMENTS, *_MEASURE_KEYS}
        found: list[Instrument] = []
        for word in words:
            try:
                found.append(find_instrument(word, where=self.file.where((*path, word))))
            except UnknownNameError:
                self.problems.append(unknown_key(self.file, path, word, known, "a measurement"))
        if len(found) > 1 or not words:
            self._problem(path, f"got {len(found)} instruments, expected one of {', '.join(INSTRUMENTS)}.")
        return found[0] if found else None

    def _replicates(self) -> Replicates:
        """Return the replicates; one without spread if the file says nothing."""
        path: EntryPath = ("replicates",)
        entry = self.file.data.get("replicates")
        if entry is None or not self._is_mapping(path, entry, "{n: 3, spread: 10%, test: t-test, seed: 1}"):
            return Replicates()
        self._refuse_unknown(path, entry, _REPLICATE_KEYS, "replicates")
        count, seed = self._whole(path, entry, "n", 1), self._whole(path, entry, "seed", 0)
        test = self._text(path, entry, "test")
        if test not in get_args(Test):
            self._problem((*path, "test"), f"got test {test!r}, expected 't-test' or 'ANOVA'.")
        spread = 0.0
        try:
            if "spread" in entry:
                spread = fraction(entry["spread"], what="spread", where=self.file.where((*path, "spread")))
        except MyelonicheError as error:
            self.problems.append(error)
        return Replicates(count, spread, "ANOVA" if test == "ANOVA" else "t-test" if test else "", seed)

    def _whole(self, path: EntryPath, entry: dict[str, Any], key: str, least: int) -> int:
        """Return a whole number that is not too small."""
        value = entry.get(key, least)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            self._problem((*path, key), f"{key}: got {value!r}, expected a whole number from {least} up.")
            return least
        return value

    def _text(self, path: EntryPath, entry: dict[str, Any], key: str, *, required: bool = False) -> str:
        """Return a scalar as text; empty if it is not there."""
        value = entry.get(key)
        if isinstance(value, (dict, list)):
            self._problem((*path, key), f"{key}: got {type(value).__name__}, expected text.")
            return ""
        if value is None and required:
            self._problem(path, f"lacks {key!r}, expected '{key}: ...'. Add it.")
        return "" if value is None else str(value)

    def _list(self, path: EntryPath, entry: dict[str, Any], key: str, *, required: bool = False) -> list[Any]:
        """Return a list; empty if it is not there."""
        value = entry.get(key)
        if value is None:
            if required:
                self._problem(path, f"lacks {key!r}, expected '{key}: [...]'. Add it.")
            return []
        if not isinstance(value, list):
            self._problem((*path, key), f"{key}: got {value!r}, expected a list. Write '{key}: [...]'.")
            return []
        return value

    def _is_mapping(self, path: EntryPath, entry: Any, expected: str) -> bool:
        """Return whether an entry is a mapping, noting the problem if not."""
        if not isinstance(entry, dict):
            self._problem(path, f"got {entry!r}, expected {expected}.")
        return isinstance(entry, dict)

    def _refuse_unknown(
        self, path: EntryPath, entry: dict[str, Any], known: tuple[str, ...], what: str
    ) -> None:
        """Note every key that is not understood."""
        shown = [word for word in known if word not in _OTHER_FLOORS]
        for key in entry:
            if key not in known:
                self.problems.append(unknown_key(self.file, path, key, shown, what))

    def _problem(self, path: EntryPath, message: str) -> None:
        """Note a problem with its line."""
        self.problems.append(ExperimentError(f"{self.file.where(path)}: {message}"))


def _filled(text: str, cell: str) -> str:
    """Return text with the cell in its place; as it is if the file names none."""
    return text.replace(_CELL, cell) if cell else text


def _unique(problems: list[MyelonicheError]) -> list[MyelonicheError]:
    """Return the problems without repeats; a file that is read for several cells shows each once."""
    return list({str(problem): problem for problem in problems}.values())
