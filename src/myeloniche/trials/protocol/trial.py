"""Reading trials from YAML, with every problem of a file at its line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from myeloniche.errors import ExperimentError, MyelonicheError, TableError, UnknownNameError, raise_all
from myeloniche.lab.dosing import Dosing, body_of, check_dosing
from myeloniche.pharmacology.body import load_bodies
from myeloniche.pharmacology.drug import Drug
from myeloniche.pharmacology.drug_file import find_drug, is_drug_file, load_drugs
from myeloniche.pharmacology.regimen_text import read_regimen
from myeloniche.trials.patients.population import Population
from myeloniche.trials.patients.population_file import read_population
from myeloniche.trials.protocol.design import ENDPOINTS, Allocation, Treatment, Trial, TrialArm
from myeloniche.trials.protocol.rules import Rule, read_rule
from myeloniche.units import hours
from myeloniche.yaml_file import EntryPath, YamlFile, parse_yaml, unknown_key

__all__ = ["HOST", "Trial", "read_trial", "trial_from"]

HOST = "patient"
_DAY_H = 24.0
_KEYS = (
    "title", "source", "population", "size", "seed", "arms", "allocation", "cycle", "duration", "visits",
    "dropout_per_year", "interim", "endpoints",
)  # fmt: skip
_ARM_KEYS = ("name", "regimens", "rules")
_REGIMEN_KEYS = ("drug", "regimen")
_ALLOCATION_KEYS = ("ratio", "stratify")
_CYCLE, _DURATION = "21 d", "735 d"


def read_trial(path: str | Path) -> Trial:
    """Read a trial from its YAML file.

    Raises
    ------
    MyelonicheError
        With every problem of the file, each with its line.
    """
    place = Path(path)
    try:
        text = place.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ExperimentError(f"{place}: cannot be read: {error}. Check the path of the trial.") from error
    return trial_from(text, name=place.name, folder=place.parent)


def trial_from(text: str, *, name: str = "trial", folder: Path | None = None) -> Trial:
    """Return the trial that a text describes, which is written as a file is.

    Parameters
    ----------
    text
        The trial in YAML.
    name
        What messages call it.
    folder
        Where drugs and populations that it names by their files are; by default the current one.

    Raises
    ------
    MyelonicheError
        With every problem of the file, each with its line.
    """
    file = parse_yaml(text, name)
    if not isinstance(file.data, dict):
        raise TableError(f"{name}: got no keys, expected a trial. Begin with 'title: ...'.")
    return _Reader(file, text, Path() if folder is None else folder).trial()


class _Reader:
    """One file while it is read; problems are gathered."""

    def __init__(self, file: YamlFile, text: str, folder: Path) -> None:
        self.file = file
        self.text = text
        self.folder = folder
        self.data: dict[str, Any] = file.data
        self.problems: list[MyelonicheError] = []
        self.drugs = self._drugs()

    def trial(self) -> Trial:
        """Return the trial, or raise every problem."""
        self._refuse_unknown((), self.data, _KEYS, "a trial")
        population = self._population()
        arms = self._arms()
        cycle = self._days(("cycle",), self.data.get("cycle", _CYCLE))
        duration = self._days(("duration",), self.data.get("duration", _DURATION))
        if cycle <= 0 or duration < cycle:
            self._problem(("duration",), "expected a duration of at least one cycle of some days")
        values = {
            "title": str(self.data.get("title", self.file.name)),
            "size": self._whole(("size",), self.data.get("size"), least=1),
            "seed": self._whole(("seed",), self.data.get("seed", 0), least=0),
            "visit_every": self._visits(),
            "dropout_per_year": self._rate(("dropout_per_year",), self.data.get("dropout_per_year", 0)),
            "interim_days": self._interim(duration),
            "endpoints": self._endpoints(),
            "allocation": self._allocation(arms, population),
        }
        raise_all(self.problems, title=self.file.name)
        assert population is not None  # or there was a problem
        return Trial(
            population=population,
            arms=arms,
            cycle_days=cycle,
            cycles=int(duration // cycle),
            drug_files=self._drug_files(),
            content=self.text,
            **values,  # type: ignore[arg-type]
        )

    def _drug_files(self) -> tuple[str, ...]:
        """Return the drug files that arms name, from the file's own folder."""
        arms = self.data.get("arms")
        rows = [
            row.get("drug")
            for arm in (arms if isinstance(arms, list) else [])
            if isinstance(arm, dict) and isinstance(arm.get("regimens"), list)
            for row in arm["regimens"]
            if isinstance(row, dict)
        ]
        return tuple(dict.fromkeys(self._drug_name(str(name)) for name in rows if is_drug_file(str(name))))

    def _drug_name(self, name: str) -> str:
        return str(self.folder / name) if is_drug_file(name) else name

    def _drugs(self) -> Mapping[str, Drug]:
        try:
            return load_drugs(self._drug_files())
        except MyelonicheError as error:
            self.problems.append(error)
            return load_drugs()

    def _population(self) -> Population | None:
        source = self.data.get("population")
        if not isinstance(source, str):
            self._problem(("population",), "got no population, expected its name or file")
            return None
        try:
            return read_population(source, folder=self.folder, where=self.file.where(("population",)))
        except MyelonicheError as error:
            self.problems.append(error)
            return None

    def _arms(self) -> tuple[TrialArm, ...]:
        """Return the arms, refusing two of one name."""
        rows = self.data.get("arms")
        if not isinstance(rows, list) or not rows:
            self._problem(("arms",), "got no arms, expected 'arms: [{name: ..., regimens: [...]}]'")
            return ()
        arms = tuple(self._arm(("arms", place), row) for place, row in enumerate(rows))
        names = [arm.name for arm in arms]
        for place, name in enumerate(names):
            if name in names[:place]:
                self._problem(("arms", place), f"got arm {name!r} twice, expected two names; rename one")
        return arms

    def _arm(self, path: EntryPath, row: Any) -> TrialArm:
        if not isinstance(row, dict) or not isinstance(row.get("name"), str):
            self._problem(path, "got an arm without a name, expected {name: ..., regimens: [...]}")
            return TrialArm("")
        self._refuse_unknown(path, row, _ARM_KEYS, "an arm")
        given: list[Dosing] = []
        treatments = [
            self._treatment((*path, "regimens", place), entry, given)
            for place, entry in enumerate(self._list((*path, "regimens"), row.get("regimens")))
        ]
        kept = tuple(one for one in treatments if one is not None)
        rules = [
            self._rule((*path, "rules", place), entry, kept)
            for place, entry in enumerate(self._list((*path, "rules"), row.get("rules")))
        ]
        return TrialArm(row["name"], kept, tuple(one for one in rules if one is not None))

    def _treatment(self, path: EntryPath, row: Any, given: list[Dosing]) -> Treatment | None:
        """Return a drug with its regimen, refusing what cannot be given beside the others."""
        if not isinstance(row, dict) or any(key not in row for key in _REGIMEN_KEYS):
            self._problem(path, f"got {row!r}, expected {{drug: ..., regimen: ...}}")
            return None
        self._refuse_unknown(path, row, _REGIMEN_KEYS, "a regimen")
        where = self.file.where(path)
        try:
            drug = find_drug(self._drug_name(str(row["drug"])), self._by_file(), where=where)
            regimen = read_regimen(str(row["regimen"]), where=where)
            dosing = Dosing(drug, regimen, body_of(HOST, load_bodies(), where=where), 0.0)
            check_dosing(dosing, given, where=where)
        except MyelonicheError as error:
            self.problems.append(error)
            return None
        given.append(dosing)
        return Treatment(drug.name, regimen)

    def _by_file(self) -> dict[str, Drug]:
        """The drugs by name, synonym and file."""
        return {**self.drugs, **{drug.where: drug for drug in self.drugs.values()}}

    def _rule(self, path: EntryPath, row: Any, treatments: tuple[Treatment, ...]) -> Rule | None:
        """Return a rule about a drug of its arm."""
        where = self.file.where(path)
        try:
            rule = read_rule(str(row), where=where)
            drug = find_drug(rule.drug, self.drugs, where=where).name
            regimens = [one.regimen for one in treatments if one.drug == drug]
            if not regimens:
                listed = ", ".join(one.drug for one in treatments) or "nothing"
                raise ExperimentError(
                    f"{where}: got a rule for {drug}, expected one for a drug of its arm: {listed}."
                )
            units = {course.amount.unit for regimen in regimens for course in regimen.courses}
            if rule.amount is not None and units != {rule.amount.unit}:
                raise ExperimentError(
                    f"{where}: got a dose in {rule.amount.unit}, expected {' and '.join(sorted(units))}, "
                    f"as {drug} is given."
                )
        except MyelonicheError as error:
            self.problems.append(error)
            return None
        return Rule(rule.action, drug, rule.grade, rule.amount, rule.regimen, rule.text)

    def _allocation(self, arms: tuple[TrialArm, ...], population: Population | None) -> Allocation:
        """Return how patients come to arms, refusing an arm without patients."""
        row = self.data.get("allocation", {})
        if not isinstance(row, dict):
            self._problem(("allocation",), f"got {row!r}, expected {{ratio: [1, 1], stratify: [...]}}")
            row = {}
        self._refuse_unknown(("allocation",), row, _ALLOCATION_KEYS, "an allocation")
        ratio = row.get("ratio", [1] * len(arms))
        if (
            not isinstance(ratio, list)
            or len(ratio) != len(arms)
            or any(isinstance(share, bool) or not isinstance(share, int) or share < 0 for share in ratio)
        ):
            self._problem(("allocation", "ratio"), f"got {ratio!r}, expected a whole number for each arm")
            ratio = [1] * len(arms)
        for arm, share in zip(arms, ratio, strict=True):
            if share == 0:
                self._problem(
                    ("allocation", "ratio"),
                    f"got no patients for arm {arm.name!r}, expected some; raise its share or drop the arm",
                )
        stratify = tuple(str(name) for name in self._list(("allocation", "stratify"), row.get("stratify")))
        known = [one.name for one in population.covariates if one.shape == "choice"] if population else []
        self.problems += [
            UnknownNameError(
                "covariate with levels", name, known, where=self.file.where(("allocation", "stratify"))
            )
            for name in stratify
            if population and name not in known
        ]
        size = self.data.get("size")
        if isinstance(size, int) and 0 < size < len(arms):
            self._problem(
                ("size",), f"got {size} patients for {len(arms)} arms, expected one for each at least"
            )
        return Allocation(tuple(ratio), stratify)

    def _visits(self) -> int:
        """Return the number of cycles between visits."""
        text = str(self.data.get("visits", "every cycle"))
        words = text.split()
        if words == ["every", "cycle"]:
            return 1
        if len(words) == 3 and words[0] == "every" and words[1].isdigit() and words[2] == "cycles":
            return max(int(words[1]), 1)
        self._problem(("visits",), f"got {text!r}, expected 'every cycle' or 'every 2 cycles'")
        return 1

    def _interim(self, duration: float) -> tuple[float, ...]:
        looks = [
            self._days(("interim", place), entry)
            for place, entry in enumerate(self._list(("interim",), self.data.get("interim")))
        ]
        if looks != sorted(set(looks)) or any(not 0 < look < duration for look in looks):
            self._problem(("interim",), "expected rising times before the end of the trial")
        return tuple(looks)

    def _endpoints(self) -> tuple[str, ...]:
        names = [
            str(name) for name in self._list(("endpoints",), self.data.get("endpoints", list(ENDPOINTS)))
        ]
        self.problems += [
            UnknownNameError("endpoint", name, ENDPOINTS, where=self.file.where(("endpoints", place)))
            for place, name in enumerate(names)
            if name not in ENDPOINTS
        ]
        return tuple(names)

    def _list(self, path: EntryPath, value: Any) -> list[Any]:
        if value is None:
            return []
        if not isinstance(value, list):
            self._problem(path, f"got {value!r}, expected a list")
            return []
        return value

    def _days(self, path: EntryPath, value: Any) -> float:
        try:
            return hours(value, what=str(path[0]), where=self.file.where(path)) / _DAY_H
        except MyelonicheError as error:
            self.problems.append(error)
            return 1.0

    def _whole(self, path: EntryPath, value: Any, *, least: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            self._problem(path, f"got {value!r}, expected a whole number from {least} up")
            return least
        return value

    def _rate(self, path: EntryPath, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
            self._problem(path, f"got {value!r}, expected a rate per year from 0 up")
            return 0.0
        return float(value)

    def _refuse_unknown(
        self, path: EntryPath, entry: Mapping[str, Any], known: tuple[str, ...], what: str
    ) -> None:
        self.problems += [unknown_key(self.file, path, key, known, what) for key in entry if key not in known]

    def _problem(self, path: EntryPath, text: str) -> None:
        self.problems.append(TableError(f"{self.file.where(path)}: {text}."))
