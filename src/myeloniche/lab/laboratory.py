"""The laboratory: the niche with its drugs, the readouts, and the populations that each cell type has."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path

from myeloniche.engine.absence import stay_zero, without
from myeloniche.engine.ode_model import OdeModel
from myeloniche.errors import ExperimentError, MyelonicheError, UnknownNameError
from myeloniche.lab.readouts.drug_level import serum_levels
from myeloniche.lab.readouts.table import Readout, find_target, load_readouts
from myeloniche.niche.attachment import Attachment
from myeloniche.niche.names import instance_of, sbml_id
from myeloniche.niche.niche import Niche
from myeloniche.niche.niche import load as load_niche
from myeloniche.niche.tables import CellRow
from myeloniche.niche.unit_text import is_amount
from myeloniche.pharmacology.drug import Drug
from myeloniche.pharmacology.drug_file import attach, find_drug, is_drug_file, load_drugs
from myeloniche.units import cell_density
from myeloniche.yaml_file import parse_yaml

__all__ = ["Laboratory", "Population", "open_laboratory"]

SHED = ("IGG2B",)
_SYNTHESIS = "synthesis"


@dataclass(frozen=True)
class Population:
    """The populations of one cell type.

    Attributes
    ----------
    seeded
        Population that seeding fills.
    populations
        All of them, seeded one included.
    density
        Density of a freshly seeded dish [kcell/mL].
    """

    seeded: str
    populations: tuple[str, ...]
    density: float


@dataclass(frozen=True, eq=False)
class Laboratory:
    """Everything an experiment needs.

    Attributes
    ----------
    niche
        The model with the drugs attached.
    drugs
        Drugs by name and synonym.
    readouts
        What the instruments see.
    populations
        By cell type.
    """

    niche: Niche
    drugs: Mapping[str, Drug]
    readouts: tuple[Readout, ...]
    populations: Mapping[str, Population]

    @cached_property
    def medium(self) -> tuple[str, ...]:
        """Everything dissolved in the medium, drugs included, by user name."""
        on_the_dish = {name for population in self.populations.values() for name in population.populations}
        return tuple(
            row.id
            for row in self.niche.species.values()
            if not row.is_observable
            and not instance_of(row.id)
            and row.id not in on_the_dish
            and row.id not in self._in_bodies
        )

    @property
    def shed(self) -> tuple[str, ...]:
        """What tumours shed into the blood, by SBML id."""
        return tuple(name for name in SHED if name in self.niche.species)

    @cached_property
    def _in_bodies(self) -> frozenset[str]:
        """The compartments of drugs in a body, by user name."""
        known = {drug.name: drug.circulation for drug in self.drugs.values()}
        compartments = (row.id for body in known.values() if body for row in body.species_rows())
        amounts = (row.id for row in self.niche.species.values() if is_amount(row.unit))
        return frozenset((*compartments, *amounts))

    @cached_property
    def _brought(self) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
        """What each drug brings to the model by SBML id: its compartments in a body, and the rest.

        The rest is empty where the model cannot do without, since it does not stay zero by itself.
        """
        brought = []
        for attachment in self.niche.attachments:
            states = [row.id for row in attachment.species if not row.is_observable]
            body = tuple(name for name in states if name in self._in_bodies)
            rest = tuple(sbml_id(name) for name in states if name not in self._in_bodies)
            lasting = stay_zero(self.niche.model, (*body, *rest))
            brought.append((body, rest if lasting else ()))
        return tuple(brought)

    @cached_property
    def syntheses(self) -> tuple[str, ...]:
        """Processes in cells with the role synthesis, by user name."""
        return tuple(
            row.id for row in self.niche.processes.values() if row.role == _SYNTHESIS and instance_of(row.id)
        )

    def model_with(self, instances: Collection[str], touched: Collection[str]) -> OdeModel:
        """Return the model of dishes that hold no other cell types and drugs; what is absent costs nothing.

        Parameters
        ----------
        instances
            The cell types there are.
        touched
            States, by SBML id, that are given, set or looked at.
        """
        absent = [name for name in self.niche.instances if name not in instances]
        zero = [sbml_id(name) for one in absent for name in self.populations[one].populations]
        unseen = [sbml_id(name) for one in absent for name in self.states_of(one)]
        for body, rest in self._brought:
            if not any(name in touched for name in body):
                zero += body
                if not any(name in touched for name in rest):
                    zero += [name for name in rest if name not in unseen]
        return _model_without(self.niche, tuple(zero), tuple(unseen))

    def states_of(self, instance: str) -> tuple[str, ...]:
        """Return the species inside a cell type, by user name, without its populations."""
        return self._states.get(instance, ())

    @cached_property
    def _states(self) -> Mapping[str, tuple[str, ...]]:
        """The species inside each cell type; those of none under an empty name."""
        states: dict[str, list[str]] = {}
        for row in self.niche.species.values():
            if not row.is_observable:
                states.setdefault(instance_of(row.id), []).append(row.id)
        return {instance: tuple(names) for instance, names in states.items()}

    def seeding(self, instance: str, density: float) -> dict[str, float]:
        """Return the populations that seeding a density of living cells brings [kcell/mL].

        Cells that die while they are grown come along, in the proportion of the model's initial values.
        """
        population = self.populations[instance]
        initial = {name: float(self.niche.species[name].initial) for name in population.populations}
        living = initial[population.seeded]
        if not living:
            return {population.seeded: density}
        return {name: density * value / living for name, value in initial.items() if value}

    @property
    def stand_ins(self) -> dict[str, str]:
        """The first cell row of each cell type, to go on with where a name is not known."""
        return {row.instance: row.id for row in reversed(list(self.niche.cells.values()))}

    def cell(self, name: str, *, where: str = "") -> CellRow:
        """Return a cell line or primary cell.

        Raises
        ------
        UnknownNameError
            With the nearest names, if there is none.
        """
        cells = self.niche.cells
        if name in cells:
            return cells[name]
        folded = {known.casefold(): row for known, row in cells.items()}
        if name.casefold() in folded:
            return folded[name.casefold()]
        raise UnknownNameError("cell", name, cells, where=where)

    def drug(self, name: str, *, where: str = "") -> Drug:
        """Return a drug by name, synonym or the path of its file.

        Raises
        ------
        UnknownNameError
            With the nearest names, if there is none.
        """
        if is_drug_file(name):
            for drug in self.drugs.values():
                if drug.where == name:
                    return drug
        return find_drug(name, self.drugs, where=where)

    def target(self, name: str, instance: str, *, where: str = "") -> str:
        """Return the user name of the species or process that a perturbation acts on.

        Raises
        ------
        UnknownNameError
            With the nearest names, if there is none in this cell type.
        """
        try:
            return self._acted_on(self.niche.resolve(name, instance or None), name, where)
        except UnknownNameError as error:
            local = find_target(name, self.readouts)
            if local != name:
                return self.niche.resolve(local, instance or None)
            known = [*self._targets(instance), *(row.name for row in self.readouts if row.target)]
            known += list(error.nearest)
            raise UnknownNameError("species or process", name, known, where=where) from error
        except MyelonicheError as error:
            raise ExperimentError(f"{where}: {error}" if where else str(error)) from error

    def _acted_on(self, full: str, name: str, where: str) -> str:
        """Return the name of a species or process, refusing parameters and observables."""
        row = self.niche.species.get(full)
        if full in self.niche.processes or (row is not None and not row.is_observable):
            return full
        raise UnknownNameError("species or process", name, (), where=where)

    def _targets(self, instance: str) -> list[str]:
        """Return the local names of what can be perturbed in a cell type."""
        names = (*self.niche.species, *self.niche.processes)
        return [name.removeprefix(f"{instance}.") for name in names if instance_of(name) in ("", instance)]


def open_laboratory(drug_files: Iterable[str | Path] = ()) -> Laboratory:
    """Return the laboratory with the shipped drugs and those of further files.

    Raises
    ------
    MyelonicheError
        With every problem of the drug files.
    """
    drugs = load_drugs(drug_files)
    niche = _niche(attach(drugs.values()))
    return Laboratory(niche, drugs, (*load_readouts(), *serum_levels(drugs.values())), load_populations())


def load_populations() -> dict[str, Population]:
    """Return the populations of each cell type, as the package's file lists them."""
    text = files("myeloniche.lab").joinpath("populations.yaml").read_text("utf-8")
    rows = parse_yaml(text, "populations.yaml").data
    return {
        instance: Population(row["seeded"], tuple(row["populations"]), cell_density(row["density"]))
        for instance, row in rows.items()
    }


@lru_cache(maxsize=4)  # keyed by the content of what is attached
def _niche(attachments: tuple[Attachment, ...]) -> Niche:
    """Return the assembled niche."""
    return load_niche(attachments)


@lru_cache(maxsize=16)  # a niche is itself kept, and is the same object for the same content
def _model_without(niche: Niche, zero: tuple[str, ...], unseen: tuple[str, ...]) -> OdeModel:
    """Return the niche's model without absent populations and the inside of their cells."""
    return without(niche.model, zero=zero, unseen=unseen)
