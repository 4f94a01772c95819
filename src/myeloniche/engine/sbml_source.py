"""The raw formulas of an SBML model by the name that they define, and what each name is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from myeloniche.engine.dependencies import in_order
from myeloniche.engine.expression import TIME, ExpressionGraph
from myeloniche.engine.mathml import FormulaReader
from myeloniche.errors import ModelError, MyelonicheError, UnsupportedError, raise_all

__all__ = ["EventText", "Quantity", "Source", "amount_of"]


def amount_of(name: str) -> str:
    """Return the name of the state of a species whose number is a concentration; no SBML id has a dot."""
    return f"{name}.amount"


@dataclass(frozen=True)
class Quantity:
    """A compartment, species, parameter or named stoichiometry as declared.

    Attributes
    ----------
    kind
        Which of them.
    constant
        Whether it is declared never to change.
    declared
        Node of the declared initial value, or None.
    """

    kind: str
    constant: bool
    declared: int | None


@dataclass(frozen=True)
class _Change:
    """What one reaction does to one species; the coefficient is a raw formula."""

    species: str
    coefficient: int


@dataclass(frozen=True)
class EventText:
    """An event of the model with its raw formulas; ``element`` is the libSBML event."""

    id: str
    element: Any
    trigger: int
    assignments: dict[str, int]
    delay: int | None
    priority: int | None


@dataclass(frozen=True)
class Source:
    """The raw formulas of an SBML model by the name that they define.

    Attributes
    ----------
    model
        The libSBML model.
    where
        Its name in messages.
    reader
        Turns formulas into nodes, and collects problems.
    quantities
        Everything that is declared to have a value.
    initial, rate_rules
        Formulas of initial assignments and rate rules.
    formulas
        Formulas of assignment rules and reactions.
    coefficients
        Stoichiometries that have a name and are plain numbers for good.
    local_values
        Values of parameters of kinetic laws, by ``reaction.parameter``.
    changes
        What each reaction does.
    events
        The events that can do something.
    event_targets
        What events set.
    amounts
        Species whose number is a concentration but whose state is the amount, with the node of the size: so
        it is where a compartment changes its size, which leaves amounts alone.
    """

    model: Any
    where: str
    reader: FormulaReader
    quantities: dict[str, Quantity] = field(default_factory=dict)
    initial: dict[str, int] = field(default_factory=dict)
    rate_rules: dict[str, int] = field(default_factory=dict)
    formulas: dict[str, int] = field(default_factory=dict)
    coefficients: dict[str, int] = field(default_factory=dict)
    local_values: dict[str, float] = field(default_factory=dict)
    changes: dict[str, list[_Change]] = field(default_factory=dict)
    events: list[EventText] = field(default_factory=list)
    event_targets: set[str] = field(default_factory=set)
    amounts: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, model: Any, where: str, clock_start: float = 0.0) -> Source:
        """Return all formulas of a libSBML model; what cannot be read is among the problems."""
        definitions = {function.getId(): function for function in model.getListOfFunctionDefinitions()}
        source = cls(model, where, FormulaReader(ExpressionGraph(), definitions, clock_start))
        source._read_rules()
        source._read_events()
        source._read_quantities()
        for reaction in model.getListOfReactions():
            source._read_reaction(reaction)
        for name, size in source.amounts.items():
            source.formulas[name] = source.graph.call("div", source.graph.symbol(amount_of(name)), size)
        return source

    @property
    def graph(self) -> ExpressionGraph:
        """The graph of all formulas."""
        return self.reader.graph

    @property
    def problems(self) -> list[MyelonicheError]:
        """What was found wrong so far."""
        return self.reader.problems

    def stop_on_problems(self) -> None:
        """Raise what was found so far; what is not honoured goes first, as the rest may follow from it."""
        placed = [type(problem)(f"{self.where}: {problem}") for problem in self.problems]
        refused = [problem for problem in placed if isinstance(problem, UnsupportedError)]
        raise_all(refused or placed, title=self.where)

    def complain(self, message: str) -> None:
        """Add a problem."""
        self.problems.append(ModelError(message))

    # ---- reading -------------------------------------------------------------------------------------

    def _read_quantities(self) -> None:
        for compartment in self.model.getListOfCompartments():
            size = compartment.getSize() if compartment.isSetSize() else None
            self._declare("compartment", compartment, size)
        for species in self.model.getListOfSpecies():
            name, size = species.getId(), self.size_of(species)
            if size is not None and self._counts(species):
                self.amounts[name] = size
            self.quantities[name] = Quantity("species", species.getConstant(), self._declared_of(species))
        for parameter in self.model.getListOfParameters():
            value = parameter.getValue() if parameter.isSetValue() else None
            self._declare("parameter", parameter, value)

    def _declare(self, kind: str, element: Any, value: float | None) -> None:
        node = None if value is None else self.graph.number(value)
        self.quantities[element.getId()] = Quantity(kind, element.getConstant(), node)

    def _declared_of(self, species: Any) -> int | None:
        """Return a species' initial value in the terms of its state: amount or concentration."""
        by_size = self.size_of(species) is not None and species.getId() not in self.amounts
        size = self.graph.symbol(species.getCompartment())
        if species.isSetInitialAmount():
            amount = self.graph.number(species.getInitialAmount())
            return self.graph.call("div", amount, size) if by_size else amount
        if species.isSetInitialConcentration():
            concentration = self.graph.number(species.getInitialConcentration())
            return concentration if by_size else self.graph.call("mul", concentration, size)
        return None

    def size_of(self, species: Any) -> int | None:
        """Return the node of a species' compartment if its number is a concentration, else None."""
        compartment = self.model.getCompartment(species.getCompartment())
        if compartment is None or species.getHasOnlySubstanceUnits():
            return None
        if compartment.isSetSpatialDimensions() and not compartment.getSpatialDimensionsAsDouble():
            return None
        return self.graph.symbol(species.getCompartment())

    def _counts(self, species: Any) -> bool:
        """Say whether a species given as a concentration must be followed as an amount."""
        name, compartment = species.getId(), species.getCompartment()
        jumps = compartment in self.event_targets
        changes = jumps or compartment in self.rate_rules or compartment in self.formulas
        return changes and name not in self.formulas and (jumps or name not in self.rate_rules)

    def _read_rules(self) -> None:
        for assignment in self.model.getListOfInitialAssignments():
            name = assignment.getSymbol()
            if assignment.isSetMath():
                self.initial[name] = self.reader.read(assignment.getMath(), f"initial assignment of {name!r}")
        for rule in self.model.getListOfRules():
            name = rule.getVariable()
            target = self.rate_rules if rule.isRate() else self.formulas
            kind = "rate rule" if rule.isRate() else "assignment rule"
            if rule.isSetMath():
                target[name] = self.reader.read(rule.getMath(), f"{kind} of {name!r}")

    def _read_events(self) -> None:
        for index, event in enumerate(self.model.getListOfEvents()):
            name = event.getId() or f"event {index + 1}"
            assignments = {
                part.getVariable(): self.reader.read(
                    part.getMath(), f"event {name!r}, {part.getVariable()!r}"
                )
                for part in event.getListOfEventAssignments()
                if part.isSetMath()
            }
            self.event_targets.update(assignments)
            trigger = event.getTrigger()
            if trigger is not None and trigger.isSetMath():
                node = self.reader.read(trigger.getMath(), f"trigger of event {name!r}")
                delay = self._event_part(event.getDelay(), f"delay of event {name!r}")
                priority = self._event_part(event.getPriority(), f"priority of event {name!r}")
                self.events.append(EventText(name, event, node, assignments, delay, priority))

    def _event_part(self, part: Any, where: str) -> int | None:
        if part is None or not part.isSetMath():
            return None
        return self.reader.read(part.getMath(), where)

    def _read_reaction(self, reaction: Any) -> None:
        name, law = reaction.getId(), reaction.getKineticLaw()
        if law is None or not law.isSetMath():
            self.problems.append(
                UnsupportedError(f"reaction {name!r} has no rate; give it a kinetic law with a formula")
            )
            return
        scope = {}
        for parameter in (law.getParameter(index) for index in range(law.getNumParameters())):
            full_name = f"{name}.{parameter.getId()}"
            scope[parameter.getId()] = self.graph.symbol(full_name)
            self.local_values[full_name] = parameter.getValue() if parameter.isSetValue() else math.nan
        self.formulas[name] = self.reader.read(law.getMath(), f"reaction {name!r}", scope)
        self.changes[name] = [
            *(self._read_change(name, part, -1.0) for part in reaction.getListOfReactants()),
            *(self._read_change(name, part, 1.0) for part in reaction.getListOfProducts()),
        ]

    def _read_change(self, reaction: str, part: Any, sign: float) -> _Change:
        name, species = part.getId(), part.getSpecies()
        if part.isSetStoichiometryMath():
            where = f"stoichiometry of {species!r} in reaction {reaction!r}"
            coefficient = self.reader.read(part.getStoichiometryMath().getMath(), where)
        else:
            coefficient = self.graph.number(part.getStoichiometry())
        if name in self.rate_rules or name in self.event_targets:
            self.quantities[name] = Quantity("stoichiometry", False, coefficient)
        ruled = name in self.formulas or name in self.initial or name in self.quantities
        if not ruled and math.isnan(self.graph.value(coefficient) or 0.0):
            self.complain(f"{species!r} has no stoichiometry in reaction {reaction!r}; add it")
        if name and not ruled:
            self.coefficients[name] = coefficient
        if name:
            coefficient = self.graph.symbol(name)
        return _Change(species, self.graph.call("mul", self.graph.number(sign), coefficient))

    # ---- sorting out ---------------------------------------------------------------------------------

    def is_state(self, name: str) -> bool:
        """Say whether a quantity has a derivative, if only 0."""
        if name not in self.quantities:
            return False
        quantity = self.quantities[name]
        if name in self.rate_rules or name in self.event_targets or name in self.amounts:
            return True
        if quantity.kind != "species" or name in self.formulas:
            return False
        # A constant species given as an amount follows its compartment, which no plain number could.
        follows = quantity.declared is not None and self.graph.value(quantity.declared) is None
        return not quantity.constant or (follows and name not in self.initial)

    def states(self) -> dict[str, str]:
        """Return the name of each state and the quantity it stands for."""
        return {
            amount_of(name) if name in self.amounts else name: name
            for name in self.quantities
            if self.is_state(name)
        }

    def fixed(self) -> tuple[str, ...]:
        """Return what an initial assignment fixes for good and is no plain number."""
        return tuple(
            name
            for name, node in self.initial.items()
            if not self.is_state(name)
            and name not in self.formulas
            and (name not in self.quantities or self.graph.value(node) is None)
        )

    def parameters(self) -> tuple[str, ...]:
        """Return everything that is a plain number for good."""
        taken = {*self.states().values(), *self.fixed(), *self.formulas}
        return (*(name for name in self.quantities if name not in taken), *self.local_values)

    def value(self, name: str) -> float | None:
        """Return the nominal value of a parameter, None if it has none."""
        if name in self.local_values:
            value = self.local_values[name]
            return None if math.isnan(value) else value
        node = self.initial.get(name, self.quantities[name].declared)
        return None if node is None else self.graph.value(node)

    def at_start(self) -> dict[str, int]:
        """Return the formula of everything but the parameters at time 0."""
        formulas = {**self.formulas, TIME: self.graph.number(0.0)}
        for name in self.fixed():
            formulas[name] = self.initial[name]
        for state, name in self.states().items():
            formulas[state] = self._start_of(name)
        return formulas

    def _start_of(self, name: str) -> int:
        if name in self.initial:
            assigned = self.initial[name]
            return self.graph.call("mul", assigned, self.amounts[name]) if name in self.amounts else assigned
        declared = self.quantities[name].declared
        if declared is None:
            self.complain(f"{self.quantities[name].kind} {name!r} has no initial value; add one")
            return self.graph.number(math.nan)
        return declared

    def resolve(self, formulas: Mapping[str, int]) -> dict[str, int]:
        """Return formulas with every name that another one defines replaced, in the order they need."""
        formulas = {**self.coefficients, **formulas}
        needs = {name: self.graph.symbols(node) & formulas.keys() for name, node in formulas.items()}
        try:
            order = in_order(needs, "these define each other")
        except ModelError as circle:
            self.problems.append(circle)
            return {}
        resolved: dict[str, int] = {}
        for name in order:
            known = {needed: resolved[needed] for needed in needs[name]}
            resolved[name] = self.graph.substitute(formulas[name], known)
        return resolved
