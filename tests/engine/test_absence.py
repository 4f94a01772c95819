"""Leaving out what is absent changes no other trajectory, and is refused where it would."""

from __future__ import annotations

import numpy as np
import pytest

from myeloniche.engine.absence import stay_zero, without
from myeloniche.engine.antimony_text import read_antimony
from myeloniche.engine.handles import with_handles
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.simulation import simulate
from myeloniche.engine.timeline import Change, Member, Period
from myeloniche.errors import ModelError, UnknownNameError

PREY = """
model prey
  hare = 2; lynx = 0; hunger = 0.5; grass = 1; k = 0.3
  growth: -> hare; k*hare*grass
  share := lynx/(hare + lynx)
  caught: hare -> ; hunger*lynx*hare
  births: -> lynx; hunger*lynx*hare
  starving: -> hunger; k*(1 - hunger)
  eaten: grass -> ; k*grass*hare
end
"""


def prey() -> OdeModel:
    return with_handles(read_antimony(PREY))


def test_the_rest_moves_as_before() -> None:
    whole, part = prey(), without(prey(), zero=["lynx"], unseen=["hunger"])
    member = Member(parameters={"k": 0.2, "process.growth": 1.5}, times=np.linspace(0.0, 3.0, 7))
    shown = [
        simulate(model, [member], outputs=["hare", "grass"], rtol=1e-9).values for model in (whole, part)
    ]
    np.testing.assert_allclose(shown[1], shown[0], rtol=1e-7)
    assert part.states == ("hare", "grass")


def test_observables_of_what_is_left_out_go_and_others_stay() -> None:
    part = without(prey(), zero=["lynx"], unseen=["hunger"])
    assert part.graph.value(part.observables["share"]) == 0.0
    assert "starving" not in part.observables
    assert [process.id for process in part.processes] == ["growth", "caught", "eaten"]


def test_nothing_absent_is_the_same_model() -> None:
    model = prey()
    assert without(model, zero=[]).fingerprint() == model.fingerprint()


@pytest.mark.parametrize(
    ("zero", "unseen", "words"),
    [
        (["hunger"], [], "'hunger' to leave out as zero"),
        ([], ["hunger"], "the rate of 'hare' needs it|the rate of 'lynx' needs it"),
    ],
)
def test_what_matters_is_not_left_out(zero: list[str], unseen: list[str], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        without(prey(), zero=zero, unseen=unseen)


def test_an_unknown_state_is_named() -> None:
    with pytest.raises(UnknownNameError, match="linx"):
        without(prey(), zero=["linx"])


def test_a_member_forgets_what_is_absent() -> None:
    change = [Change("hare", "add", 1.0), Change("lynx", "set", 2.0)]
    member = Member(initial={"hare": 1.0, "lynx": 0.0}, timeline=(Period(1.0, tuple(change)),))
    kept = member.among({"hare"})
    assert kept.initial == {"hare": 1.0}
    assert kept.timeline[0].changes == (change[0],)


def test_states_stay_zero_where_nothing_else_makes_them() -> None:
    assert stay_zero(prey(), ["lynx"])
    assert not stay_zero(prey(), ["hare", "hunger"])
