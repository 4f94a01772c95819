"""Pushes between states and the strongest path, on a cascade with a short cut."""

from __future__ import annotations

import numpy as np
import pytest

from myeloniche.engine.antimony_text import read_antimony
from myeloniche.engine.influence import Influence

# drug -> kinase -> mrna -> protein, and a weak direct push of the drug on the protein
CASCADE = """
    drug = 0; kinase = 1; mrna = 1; protein = 1; bystander = 1
    fade: drug -> ; 0.001*drug
    activate: -> kinase; 1/(1 + drug); rest: kinase -> ; kinase
    make: -> mrna; kinase; lose: mrna -> ; mrna
    translate: -> protein; mrna; leak: protein -> ; protein*(1 + 0.01*drug)
    idle: -> bystander; 1; gone: bystander -> ; bystander
"""


def cascade() -> Influence:
    model = read_antimony(CASCADE)
    before = np.array([{"drug": 0.0}.get(name, 1.0) for name in model.states])
    after = np.array([{"drug": 1.0, "bystander": 1.0}.get(name, 0.5) for name in model.states])
    return Influence(model, {}, before, after)


def test_the_path_follows_the_strongest_pushes() -> None:
    web = cascade()
    place = {name: number for number, name in enumerate(web.model.states)}
    path = web.path([place["drug"]], {place["protein"]: 1.0})
    names = [web.model.states[source] for source, _, _ in path]
    assert names == ["drug", "kinase", "mrna", "protein"]
    assert path[-1][1:] == (-1, 1.0)
    assert all(0.0 < share <= 1.0 for _, _, share in path)


def test_shares_of_one_target_add_up() -> None:
    web = cascade()
    place = {name: number for number, name in enumerate(web.model.states)}
    total = sum(share for (_, target), share in web.shares.items() if target == place["protein"])
    assert total == pytest.approx(1.0)


def test_the_process_behind_an_edge_is_named() -> None:
    web = cascade()
    place = {name: number for number, name in enumerate(web.model.states)}
    carrier = web.carrier(place["kinase"], place["mrna"])
    assert carrier is not None
    assert carrier.id == "make"
    assert web.carrier(place["bystander"], place["mrna"]) is None


def test_what_did_not_move_is_on_no_path() -> None:
    web = cascade()
    place = {name: number for number, name in enumerate(web.model.states)}
    assert web.path([place["drug"]], {place["bystander"]: 1.0}) == []
    assert web.fold(place["drug"]) == np.inf
    assert web.fold(place["bystander"]) == 1.0
