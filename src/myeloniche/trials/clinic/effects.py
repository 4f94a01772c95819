"""What a covariate does to the model: a table from covariates to parameters, processes and starts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from myeloniche.engine.handles import HANDLES
from myeloniche.errors import MyelonicheError, TableError, UnknownNameError, raise_all
from myeloniche.niche.names import sbml_id
from myeloniche.niche.niche import Niche

__all__ = ["CLONES", "FORMS", "START", "Effect", "load_effects", "read_effects", "target_id", "values_for"]

CLONES = ("sensitive", "resistant")
"""The two parts of a tumour."""

FORMS = ("power", "less")
"""``power``: the target times a power of the covariate; ``less``: times 1 less a multiple of it."""

START = "start"
_COLUMNS = ("covariate", "clone", "target", "form", "number", "reference", "kind", "source", "note")


@dataclass(frozen=True)
class Effect:
    """One row: a covariate multiplies a number of the model.

    Attributes
    ----------
    covariate
        Which one.
    clone
        In which part of the tumour; empty for both.
    target
        A parameter such as ``MM.klf9_expression``, a process such as ``process.MM.atf3_synthesis``, or what a
        species starts with such as ``start.BMSC_n``.
    form, number, reference
        How, see :data:`FORMS`; the covariate is taken over the reference.
    kind, source, note
        What it rests on.
    """

    covariate: str
    clone: str
    target: str
    form: str
    number: float
    reference: float
    kind: str
    source: str
    note: str = ""

    def factor(self, value: float) -> float:
        """Return what the target is multiplied with."""
        share = value / self.reference
        return share**self.number if self.form == "power" else 1.0 - self.number * share


def load_effects() -> tuple[Effect, ...]:
    """Return the table that ships with the package."""
    text = files("myeloniche.trials.clinic").joinpath("data", "effects.tsv").read_text("utf-8")
    return read_effects(text, name="effects.tsv")


def read_effects(text: str, *, name: str) -> tuple[Effect, ...]:
    """Read a table of effects.

    Raises
    ------
    TableError
        With every row that cannot be used.
    """
    rows = list(csv.reader(io.StringIO(text), delimiter="\t"))
    if not rows or tuple(rows[0]) != _COLUMNS:
        raise TableError(f"{name}:1: got columns {rows[:1]}, expected {', '.join(_COLUMNS)}.")
    effects: list[Effect] = []
    problems: list[MyelonicheError] = []
    for number, row in enumerate(rows[1:], start=2):
        cells = dict(zip(_COLUMNS, row, strict=False))
        try:
            effects.append(_effect(cells))
        except (KeyError, ValueError) as error:
            problems.append(TableError(f"{name}:{number}: {error}"))
    raise_all(problems, title=name)
    return tuple(effects)


def _effect(cells: Mapping[str, str]) -> Effect:
    if cells["form"] not in FORMS:
        raise TableError(f"got form {cells['form']!r}, expected {' or '.join(FORMS)}.")
    if cells["clone"] not in ("", *CLONES):
        raise TableError(f"got clone {cells['clone']!r}, expected {' or '.join(CLONES)} or nothing.")
    if not cells["source"] or not cells["kind"]:
        raise TableError(f"{cells['target']} has no kind or source; add them.")
    return Effect(**{**cells, "number": float(cells["number"]), "reference": float(cells["reference"])})  # type: ignore[arg-type]


def target_id(effect: Effect, niche: Niche) -> str:
    """Return the engine's name of what an effect multiplies; ``start.NAME`` for a start.

    Raises
    ------
    UnknownNameError
        If the niche has nothing of that name.
    """
    kind, _, name = effect.target.partition(".")
    if kind == START:
        known: Iterable[str] = niche.species
    elif kind == "process":
        known = niche.processes
    else:
        kind, name, known = "", effect.target, niche.parameters
    if name not in known:
        raise UnknownNameError("target of a covariate", name, known)
    return f"{kind}.{sbml_id(name)}" if kind in (START, *HANDLES) else sbml_id(name)


def values_for(
    patient: Mapping[str, object], clone: str, effects: Sequence[tuple[Effect, str]]
) -> dict[str, float]:
    """Return what each target is multiplied with in one patient's clone, by the engine's name.

    Parameters
    ----------
    patient
        Covariates by name; what a population does not have changes nothing.
    clone
        One of :data:`CLONES`.
    effects
        Rows with the engine's name of their target.
    """
    factors: dict[str, float] = {}
    for effect, target in effects:
        value = patient.get(effect.covariate)
        if effect.clone in ("", clone) and isinstance(value, int | float):
            factors[target] = factors.get(target, 1.0) * effect.factor(float(value))
    return factors
