"""The rates of change in an SBML model, as formulas in the names of the model.

The rate of a quantity is its rate rule, or the sum of what reactions do to it; that of what follows from
other quantities is made by the chain rule, on demand, for formulas that ask for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from myeloniche.engine.expression import TIME
from myeloniche.engine.mathml import rate_of
from myeloniche.engine.sbml_source import Source, amount_of

__all__ = ["Rates"]


@dataclass(frozen=True)
class Rates:
    """What moves each state, in raw formulas.

    Attributes
    ----------
    source
        The formulas of the model.
    species
        The libSBML species by id.
    coefficients
        For each reaction, the net coefficient of each quantity that it names.
    factors
        For each reaction, by what its rate is multiplied in the derivative of each state that it moves.
    """

    source: Source
    species: dict[str, Any]
    coefficients: dict[str, dict[str, int]] = field(default_factory=dict)
    factors: dict[str, dict[str, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, source: Source) -> Rates:
        """Return the rates of a model."""
        rates = cls(source, {species.getId(): species for species in source.model.getListOfSpecies()})
        for reaction, changes in source.changes.items():
            net: dict[str, int] = {}
            for change in changes:
                known = net.get(change.species, source.graph.number(0.0))
                net[change.species] = source.graph.call("add", known, change.coefficient)
            moved = {name: node for name, node in net.items() if rates._is_moved(name, node)}
            rates.coefficients[reaction] = net
            rates.factors[reaction] = {
                amount_of(name) if name in source.amounts else name: rates._factor(name, node)
                for name, node in moved.items()
            }
        return rates

    def _is_moved(self, name: str, coefficient: int) -> bool:
        species = self.species[name]
        held = species.getBoundaryCondition() or species.getConstant() or name in self.source.rate_rules
        return not held and self.source.graph.value(coefficient) != 0.0

    def _factor(self, name: str, coefficient: int) -> int:
        """Return coefficient times conversion factor, over the size if the state is a concentration."""
        species, graph = self.species[name], self.source.graph
        conversion = species.getConversionFactor() or self.source.model.getConversionFactor()
        if conversion:
            coefficient = graph.call("mul", coefficient, graph.symbol(conversion))
        size = self.source.size_of(species)
        whole = size is None or name in self.source.amounts
        return coefficient if whole or size is None else graph.call("div", coefficient, size)

    def rule(self, state: str, name: str) -> int | None:
        """Return the raw rate of a state that has a rate rule, else None."""
        if name not in self.source.rate_rules:
            return None
        rule = self.source.rate_rules[name]
        if state == name:
            return rule
        # The amount of a concentration that moves by a rule of its own, in a size that moves too.
        graph, size = self.source.graph, self.source.amounts[name]
        grown = graph.call("mul", graph.symbol(name), graph.symbol(rate_of(graph.nodes[size][1][0])))
        return graph.call("add", graph.call("mul", rule, size), grown)

    def asked(self, roots: Iterable[int]) -> dict[str, int]:
        """Return the formula of every rate of change for which some formulas ask, and of those these need."""
        graph, found, pending = self.source.graph, dict[str, int](), list(roots)
        states = self.source.states()
        while pending:
            for symbol in graph.symbols(pending.pop()):
                if symbol.startswith(rate_of("")[:-1]) and symbol not in found:
                    found[symbol] = self._rate(symbol[len(rate_of("")) - 1 : -1], states)
                    pending.append(found[symbol])
        return found

    def _rate(self, name: str, states: Mapping[str, str]) -> int:
        graph, source = self.source.graph, self.source
        if name in states:
            rule = self.rule(name, states[name])
            return self._summed(name) if rule is None else rule
        if name == TIME:
            return graph.number(1.0)
        if name in source.formulas:
            formula = source.formulas[name]
            terms = [
                graph.call("mul", graph.derivative(formula, symbol), graph.symbol(rate_of(symbol)))
                for symbol in sorted(graph.symbols(formula))
            ]
            return graph.fold("add", terms)
        return graph.number(0.0)

    def _summed(self, state: str) -> int:
        graph = self.source.graph
        terms = [
            graph.call("mul", factors[state], graph.symbol(reaction))
            for reaction, factors in self.factors.items()
            if state in factors
        ]
        return graph.fold("add", terms)
