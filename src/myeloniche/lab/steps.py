"""The words of a protocol: what each step needs and what it does to the dish or the animal.

The same words are keys of an experiment file and methods of a :class:`~myeloniche.lab.culture.Culture`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from myeloniche.errors import ExperimentError, UnitError, UnknownNameError
from myeloniche.lab.bench import Bench
from myeloniche.lab.dosing import Dosing, body_of, check_dosing
from myeloniche.lab.experiment import Step
from myeloniche.lab.sites import site_row
from myeloniche.lab.surgery import surgery
from myeloniche.niche.names import instance_of
from myeloniche.pharmacology.body import load_bodies
from myeloniche.pharmacology.regimen_text import read_regimen
from myeloniche.units import (
    body_surface,
    body_weight,
    cell_density,
    cell_number,
    concentration,
    fold,
    fraction,
    hours,
    serum_level,
)

__all__ = ["INJECT", "WAIT", "WORDS", "Form", "do_step"]

SERUM = "serum"
SIRNA = "siRNA"
WAIT = "wait"
INJECT = "inject"
RELATIVE = "relative"
REST = "rest"
TISSUE_VOLUME = "tissue_volume"
DISH: Literal["dish"] = "dish"
ANIMAL: Literal["animal"] = "animal"


@dataclass(frozen=True)
class Form:
    """How a step is written.

    Attributes
    ----------
    required, optional
        Its arguments.
    act
        What it does to the dish or the site.
    meaning
        One line for the reference.
    short
        Argument that a bare value stands for: ``wait: 3 h``; empty if there is none.
    place
        ``dish`` or ``animal`` where it can be done there only.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...]
    act: Callable[[Bench, Step], None]
    meaning: str
    short: str = ""
    place: Literal["", "dish", "animal"] = ""


def do_step(bench: Bench, step: Step) -> None:
    """Do one step to a dish.

    Raises
    ------
    MyelonicheError
        If it cannot be done as written.
    """
    if step.word not in WORDS:
        raise UnknownNameError("step", step.word, WORDS, where=step.where)
    form = WORDS[step.word]
    _refuse_elsewhere(bench, step, form)
    known = (*form.required, *form.optional)
    for name in step.arguments:
        if name not in known:
            raise UnknownNameError(f"argument of {step.word}", name, known, where=step.where)
    missing = [name for name in form.required if not step.text(name)]
    if missing:
        example = ", ".join(f"{name}: ..." for name in form.required)
        raise ExperimentError(
            f"{step.where}: {step.word} lacks {' and '.join(repr(name) for name in missing)}. "
            f"Write it as {step.word}: {{{example}}}."
        )
    form.act(bench, step)
    bench.started = bench.started or step.word not in _STABLE


def _refuse_elsewhere(bench: Bench, step: Step, form: Form) -> None:
    """Refuse what is done to dishes only in an animal, and the other way round."""
    here = "dish" if bench.site is None else "animal"
    if form.place in ("", here):
        return
    possible = ", ".join(word for word, other in WORDS.items() if other.place in ("", here))
    raise ExperimentError(f"{step.where}: got {step.word!r} in a {here}, expected one of {possible}.")


def _starve(bench: Bench, step: Step) -> None:
    _feed(bench, step)
    if step.text("for"):
        bench.pass_time(hours(step.text("for"), what="starvation", where=step.where))


def _feed(bench: Bench, step: Step) -> None:
    bench.set(SERUM, serum_level(step.arguments["serum"], where=step.where))


def _add(bench: Bench, step: Step) -> None:
    drug = bench.laboratory.drug(step.text("drug"), where=step.where)
    if drug.kind == SIRNA:
        raise ExperimentError(
            f"{step.where}: got {drug.name} in 'add', expected something that is dissolved. "
            f"Use transfect: {{with: {drug.name}, in: ...}}."
        )
    if not step.text("dose"):
        raise UnitError(f"{step.where}: dose of {drug.name}: got none, expected '3 uM' or so. Add 'dose'.")
    amount = drug.amount(step.arguments["dose"], where=step.where)
    assert drug.dose is not None
    bench.add(drug.dose.species, amount)


def _wash(bench: Bench, _step: Step) -> None:
    for species in bench.laboratory.medium:
        bench.set(species, 0.0)


def _wait(bench: Bench, step: Step) -> None:
    bench.pass_time(hours(step.arguments["for"], what=WAIT, where=step.where))


def _transfect(bench: Bench, step: Step) -> None:
    instance = bench.instance(step.text("in"), where=step.where)
    agent = bench.laboratory.drug(step.text("with"), where=step.where)
    if agent.kind != SIRNA:
        raise ExperimentError(
            f"{step.where}: got {agent.name} in 'transfect', expected an siRNA. "
            f"Use add: {{drug: {agent.name}, dose: ...}}."
        )
    for cut in agent.cuts_synthesis:
        target = bench.laboratory.target(cut.species, instance, where=step.where)
        for process in bench.makers(target):
            bench.scale_process(process, cut.to)


def _knock_down(bench: Bench, step: Step) -> None:
    _change_expression(bench, step, 1 - fraction(step.arguments["by"], what="knock-down", where=step.where))


def _overexpress(bench: Bench, step: Step) -> None:
    factor = fold(step.arguments["fold"], where=step.where)
    _change_expression(bench, step, factor, stable=True)


def _knock_out(bench: Bench, step: Step) -> None:
    _change_expression(bench, step, 0.0, stable=True)
    for form in bench.forms(_target(bench, step)):
        bench.remove(form, stable=True)


def _change_expression(bench: Bench, step: Step, factor: float, *, stable: bool = False) -> None:
    """Scale what makes a species; a pool that is neither made nor lost is scaled itself."""
    target = _target(bench, step)
    if target not in bench.laboratory.niche.species:
        raise ExperimentError(
            f"{step.where}: got the process {target} in {step.word!r}, expected a species. "
            "Use 'inhibit' for a process."
        )
    makers = bench.makers(target)
    for process in makers:
        bench.scale_process(process, factor, stable=stable)
    if not makers:
        _refuse_part_of_pool(bench, step, target)
        for form in bench.forms(target):
            bench.scale_amount(form, factor, stable=stable)


def _refuse_part_of_pool(bench: Bench, step: Step, target: str) -> None:
    """Refuse a species whose amount would come back at once from what it is made of."""
    whole = bench.whole(target)
    if whole is None:
        return
    advice = f"Use {step.word} of {whole}" if whole != target else "Use 'inhibit' or 'clamp'"
    raise ExperimentError(
        f"{step.where}: got {target} in {step.word!r}, expected a species with a synthesis; this one "
        f"is made of others. {advice}."
    )


def _inhibit(bench: Bench, step: Step) -> None:
    target = _target(bench, step)
    left = 1 - fraction(step.arguments["by"], what="inhibition", where=step.where)
    if target in bench.laboratory.niche.processes:
        bench.scale_process(target, left)
    else:
        bench.scale_activity(target, left)


def _clamp(bench: Bench, step: Step) -> None:
    target = _species(bench, step)
    at = step.text("at").strip()
    multiple = at.removesuffix("rest").rstrip(" x×of") or "1"
    if at.endswith(REST):
        if bench.clock > 0:
            raise ExperimentError(
                f"{step.where}: got a clamp at {at!r} after {bench.clock:g} h, expected it at the start. "
                "Write the value with its unit instead."
            )
        bench.scale_amount(target, fold(multiple, what="clamp", where=step.where))
    else:
        bench.set(target, _level(bench, target, at, step.where))
    bench.hold([target])


def _level(bench: Bench, target: str, text: str, where: str) -> float:
    """Return the value of a clamp in the unit of its species."""
    unit = bench.laboratory.niche.species[target].unit
    if unit == RELATIVE:
        return fold(text.removesuffix(RELATIVE), what=f"clamp of {target}", where=where)
    if unit in ("nM", "uM"):
        return concentration(text, unit, what=f"clamp of {target}", where=where)
    return cell_density(text, what=f"clamp of {target}", where=where)


def _release(bench: Bench, step: Step) -> None:
    bench.restore(_target(bench, step))


def _add_cells(bench: Bench, step: Step) -> None:
    row = bench.laboratory.cell(step.text("cells"), where=step.where)
    population = bench.laboratory.populations[row.instance]
    density = population.density
    if step.text("density"):
        density = cell_density(step.arguments["density"], where=step.where)
    for name, value in bench.laboratory.seeding(row.instance, density).items():
        bench.add(name, value)
    if row.instance not in bench.present:
        bench.present.add(row.instance)
        bench.let_go((*bench.laboratory.states_of(row.instance), *population.populations))


def _inject(bench: Bench, step: Step) -> None:
    assert bench.site is not None  # dishes are refused before
    row = bench.laboratory.cell(step.text("cells"), where=step.where)
    target = site_row(bench.site.host, step.text("into"), bench.laboratory, where=step.where)
    if target != bench.site:
        return
    population = bench.laboratory.populations[row.instance]
    values = bench.laboratory.niche.values_by_site[target.id]
    density = values.get(population.seeded, 0.0)
    if step.text("number"):
        number = cell_number(step.arguments["number"], where=step.where)
        density = number / values[TISSUE_VOLUME]
    if not density:
        raise ExperimentError(
            f"{step.where}: got no number of {row.id} to inject, expected one, since {target.id!r} has no "
            "usual one. Add 'number: 1e5 cells'."
        )
    for name, value in bench.laboratory.seeding(row.instance, density).items():
        bench.add(name, value)


def _surgery(bench: Bench, step: Step) -> None:
    for name, value in surgery(step.text("what"), where=step.where).items():
        bench.set(name, value)


def _dose(bench: Bench, step: Step) -> None:
    assert bench.site is not None  # dishes are refused before
    drug = bench.laboratory.drug(step.text("drug"), where=step.where)
    body = bench.body or body_of(bench.site.host, load_bodies(), where=step.where)
    dosing = Dosing(drug, read_regimen(step.text("regimen"), where=step.where), body, bench.clock)
    check_dosing(dosing, bench.dosings, where=step.where)
    bench.dosings.append(dosing)


def _body(bench: Bench, step: Step) -> None:
    assert bench.site is not None  # dishes are refused before
    if bench.dosings:
        raise ExperimentError(
            f"{step.where}: got another body behind a dose, expected it before. Move the step forward."
        )
    body = bench.body or body_of(bench.site.host, load_bodies(), where=step.where)
    if step.text("weight"):
        body = replace(body, weight_kg=body_weight(step.arguments["weight"], where=step.where))
    if step.text("surface"):
        body = replace(body, surface_m2=body_surface(step.arguments["surface"], where=step.where))
    bench.body = body


def _remove_cells(bench: Bench, step: Step) -> None:
    instance = bench.instance(step.text("in"), where=step.where)
    if instance not in bench.present:
        raise ExperimentError(
            f"{step.where}: got remove_cells of {instance}, expected cells that are in the dish. "
            "Move the step behind the one that adds them."
        )
    bench.present.discard(instance)
    for population in bench.laboratory.populations[instance].populations:
        bench.set(population, 0.0)
    bench.hold(bench.laboratory.states_of(instance))


def _conditioned_medium(bench: Bench, step: Step) -> None:
    share = fraction(step.arguments["fraction"], what="conditioned medium", where=step.where)
    donor = bench.donors.get(step.text("from"), {})
    for species in bench.laboratory.medium:
        bench.set(species, share * donor.get(species, 0.0))


def _target(bench: Bench, step: Step) -> str:
    """Return the user name of what a perturbation acts on; without ``in``, a name that is clear is enough."""
    name = step.text("target")
    prefix = instance_of(name)
    if prefix or not step.text("in"):
        instance = prefix if prefix in bench.cells else ""
        if not instance and len(bench.cells) == 1:
            instance = next(iter(bench.cells))
    else:
        instance = bench.instance(step.text("in"), where=step.where)
    return bench.laboratory.target(name, instance, where=step.where)


def _species(bench: Bench, step: Step) -> str:
    """Return the user name of a species, refusing a process."""
    target = _target(bench, step)
    if target not in bench.laboratory.niche.species:
        raise ExperimentError(
            f"{step.where}: got the process {target} in {step.word!r}, expected a species. Use 'inhibit'."
        )
    return target


_STABLE = ("knock_out", "overexpress")

WORDS: Mapping[str, Form] = MappingProxyType(
    {
        "starve": Form(("serum",), ("for",), _starve, "less serum, for a time if given", "serum", DISH),
        "feed": Form(("serum",), (), _feed, "another share of serum", "serum", DISH),
        "add": Form(("drug",), ("dose",), _add, "a drug or cytokine into the medium"),
        "wash": Form((), (), _wash, "fresh medium without drugs and factors; serum as before", "", DISH),
        WAIT: Form(("for",), (), _wait, "time passes", "for"),
        "transfect": Form(("with",), ("in",), _transfect, "an siRNA or its control into cells", "with", DISH),
        "knock_down": Form(("target", "by"), ("in",), _knock_down, "synthesis of a species falls"),
        "knock_out": Form(("target",), ("in",), _knock_out, "a species is gone", "target"),
        "overexpress": Form(("target", "fold"), ("in",), _overexpress, "synthesis of a species rises"),
        "inhibit": Form(("target", "by"), ("in",), _inhibit, "a species does less, or a process slows"),
        "clamp": Form(("target", "at"), ("in",), _clamp, "a species is kept at a value"),
        "release": Form(("target",), ("in",), _release, "clamp, inhibition and knock-down end", "target"),
        "add_cells": Form(("cells",), ("density",), _add_cells, "rested cells join the dish", "cells", DISH),
        "remove_cells": Form((), ("in",), _remove_cells, "cells are washed out", "in", DISH),
        "conditioned_medium": Form(
            ("from", "fraction"), (), _conditioned_medium, "medium of another arm, taken at its end", "", DISH
        ),
        "dose": Form(("drug", "regimen"), (), _dose, "a drug for an animal, by a regimen", "", ANIMAL),
        "body": Form((), ("weight", "surface"), _body, "another body weight or surface", "", ANIMAL),
        INJECT: Form(("cells", "into"), ("number",), _inject, "cells into a site of the animal", "", ANIMAL),
        "surgery": Form(("what",), (), _surgery, "an operation, such as ovariectomy", "what", ANIMAL),
    }
)
