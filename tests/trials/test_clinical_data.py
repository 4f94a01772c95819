"""The data files of the clinic: every row has its unit and source, and every source is known."""

from __future__ import annotations

import csv
import math
from importlib.resources import files

import pytest

from myeloniche.errors import TableError
from myeloniche.lab import open_laboratory
from myeloniche.niche.niche import load
from myeloniche.trials import read_population
from myeloniche.trials.clinic.effects import load_effects, read_effects, target_id, values_for
from myeloniche.trials.clinic.neuropathy import load_neuropathy
from myeloniche.trials.clinic.numbers import numbers, shipped_yaml
from myeloniche.trials.clinic.relapse import Niche, relapse_cause
from myeloniche.trials.clinic.visits import load_clinic
from myeloniche.yaml_file import parse_yaml

WORDS = {"assumed", "definition"}


def known_sources() -> set[str]:
    text = files("myeloniche.trials.clinic").joinpath("data", "references.tsv").read_text("utf-8")
    return {row["key"] for row in csv.DictReader(text.splitlines(), delimiter="\t")} | set(load().references)


def sources() -> list[str]:
    found = [effect.source for effect in load_effects()]
    found += [covariate.source for covariate in read_population("relapsed_refractory").covariates]
    for name in ("clinic.yaml", "neuropathy.yaml", "response.yaml"):
        found += list(_sources(shipped_yaml(name).data))
    return found


def _sources(entry):
    if isinstance(entry, dict):
        yield from ([entry["source"]] if "source" in entry else [])
        for value in entry.values():
            yield from _sources(value)


def test_every_source_is_known() -> None:
    known = known_sources() | WORDS | {"VelcadeLabel2003"}
    assert [source for source in sources() if source.partition(":")[0] not in known] == []


def test_every_effect_acts_on_something_that_the_model_has() -> None:
    niche = open_laboratory().niche
    names = set(read_population("relapsed_refractory").names)
    for effect in load_effects():
        assert target_id(effect, niche)
        assert effect.covariate in names


def test_effects_multiply_and_clones_have_their_own() -> None:
    niche = open_laboratory().niche
    effects = [(effect, target_id(effect, niche)) for effect in load_effects()]
    patient = {"immunoglobulin_load": 4.0, "proteasome_reserve": 2.0, "resistant_load": 0.5, "mutated": 1}
    sensitive, resistant = (values_for(patient, clone, effects) for clone in ("sensitive", "resistant"))
    assert sensitive["MM__secretory_load"] == pytest.approx(1.0)
    assert resistant["MM__secretory_load"] == pytest.approx(0.5)
    assert resistant["process.MM__btz_binding_beta5"] == pytest.approx(0.2)
    assert "process.MM__btz_binding_beta5" not in sensitive


@pytest.mark.parametrize("row", [
    "ATF3\t\tx\tpowwer\t1\t1\tassumed\ta\t",
    "ATF3\tthird\tx\tpower\t1\t1\tassumed\ta\t",
    "ATF3\t\tx\tpower\tone\t1\tassumed\ta\t",
    "ATF3\t\tx\tpower\t1\t1\t\t\t",
])  # fmt: skip
def test_bad_rows_of_effects_are_refused_with_their_line(row) -> None:
    header = "covariate\tclone\ttarget\tform\tnumber\treference\tkind\tsource\tnote"
    with pytest.raises(TableError, match=r"mine\.tsv:2"):
        read_effects(f"{header}\n{row}\n", name="mine.tsv")


def test_a_number_without_source_is_refused() -> None:
    with pytest.raises(TableError, match="lacks kind, source"):
        numbers(parse_yaml("rows:\n  one: {value: 1, unit: d}\n", "mine.yaml"), "rows")


def test_damage_heals_and_peaks_harm() -> None:
    neuropathy = load_neuropathy()
    half_life = neuropathy.numbers["healing_half_life"]
    assert neuropathy.damage(100.0, half_life, 0.0, 0.0) == pytest.approx(50.0)
    assert neuropathy.damage(0.0, 21, 100.0, 1000.0) > neuropathy.damage(0.0, 21, 100.0, 50.0) > 100.0
    assert neuropathy.grade(0.0, 1.0) == 0
    grades = [neuropathy.grade(1e5 * step, 1.0) for step in range(12)]
    assert grades == sorted(grades)
    assert grades[-1] == 4


def test_older_patients_die_sooner() -> None:
    clinic = load_clinic()
    assert clinic.death_per_year({"age_y": 73}) == pytest.approx(2 * clinic.death_per_year({"age_y": 63}))


def test_noise_has_the_width_of_its_assay_and_is_the_patients_own() -> None:
    clinic = load_clinic()
    logs = [math.log(value) for patient in range(60) for value in clinic.noise(1, patient, 30)["ctx"]]
    assert sum(value**2 for value in logs) / len(logs) == pytest.approx(
        math.log1p(clinic.spread["ctx"] ** 2), rel=0.1
    )
    assert clinic.noise(1, 5, 3)["flc"].tolist() == clinic.noise(1, 5, 30)["flc"][:3].tolist()


START = Niche((1.0, 1.0), 0.05, 0, (0.5, 0.5), (0.1, 0.1))


@pytest.mark.parametrize(("now", "treated", "cause"), [
    (Niche((1.0, 1.0), 0.05, 0, (0.5, 0.5), (0.1, 0.1)), True, "growth"),
    (Niche((1.0, 1.0), 0.05, 0, (0.5, 0.5), (0.1, 0.1)), False, "off therapy"),
    (Niche((1.5, 1.0), 0.05, 0, (0.5, 0.5), (0.1, 0.1)), True, "PSMB5"),
    (Niche((1.5, 1.0), 0.95, 1, (0.5, 0.5), (0.1, 0.1)), True, "resistant clone"),
    (Niche((1.0, 1.0), 0.40, 0, (0.5, 0.5), (0.1, 0.1)), True, "growth"),
    (Niche((1.0, 1.0), 0.05, 0, (0.6, 0.5), (0.1, 0.1)), True, "stroma and bone"),
    (Niche((1.0, 1.0), 0.05, 0, (0.5, 0.5), (0.2, 0.1)), True, "stroma and bone"),
])  # fmt: skip
def test_what_carries_a_relapse(now, treated, cause) -> None:
    assert relapse_cause(START, now, load_clinic().relapse, treated=treated) == cause
