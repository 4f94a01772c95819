"""The common form of models: what it refuses and what its fingerprint sees."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from myeloniche.engine.antimony_text import read_antimony
from myeloniche.engine.expression import ExpressionGraph
from myeloniche.engine.ode_model import Event, OdeModel, Process
from myeloniche.errors import ModelError, MyelonicheError, UnknownNameError

DECAY = "model decay; S -> ; k*S; k = 0.5; S = 4; end"


def test_with_values_changes_nominal_values_only() -> None:
    model = read_antimony(DECAY)
    changed = model.with_values({"k": 2.0})
    assert changed.nominal["k"] == 2.0
    assert model.nominal["k"] == 0.5
    assert changed.rates == model.rates


def test_with_values_names_the_nearest_parameter() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown parameter 'kk'. Did you mean 'k'"):
        read_antimony(DECAY).with_values({"kk": 1.0})


def test_the_fingerprint_sees_values_and_the_structure_fingerprint_does_not() -> None:
    model = read_antimony(DECAY)
    changed = model.with_values({"k": 2.0})
    assert changed.fingerprint() != model.fingerprint()
    assert changed.structure_fingerprint() == model.structure_fingerprint()


def test_the_fingerprint_sees_equations_and_units() -> None:
    model = read_antimony(DECAY)
    other = read_antimony(DECAY.replace("k*S;", "k*S*S;"))
    assert other.structure_fingerprint() != model.structure_fingerprint()
    assert replace(model, units={"S": "nM"}).fingerprint() != model.fingerprint()


def test_the_fingerprint_is_the_same_in_another_process() -> None:
    code = (
        "from myeloniche.engine.antimony_text import read_antimony; "
        f"print(read_antimony({DECAY!r}).fingerprint())"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == read_antimony(DECAY).fingerprint()


def test_the_node_of_a_name_is_found_or_the_name_refused() -> None:
    model = read_antimony(DECAY)
    assert model.graph.nodes[model.node("S")] == ("symbol", ("S",))
    with pytest.raises(UnknownNameError, match="unknown model quantity 'Z'"):
        model.node("Z")


def make(**changes: object) -> OdeModel:
    graph = ExpressionGraph()
    x, k = graph.symbol("x"), graph.symbol("k")
    content = {
        "name": "made",
        "time_unit": "h",
        "graph": graph,
        "states": ("x",),
        "initial": (k,),
        "parameters": ("k",),
        "values": (1.0,),
        "rates": (graph.call("mul", k, x),),
    }
    return OdeModel(**{**content, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"values": ()}, "got 0 values for 1 parameters"),
        ({"rates": ()}, "got 0 rates for 1 states"),
        ({"parameters": ("x",)}, "'x' is used 2 times"),
        ({"parameters": ("time",)}, "'time' is the model's clock"),
        ({"parameters": ("q",)}, "(?s)initial value of 'x'.*'k'.*rate of 'x'.*'k'"),
        ({"initial": (1,), "parameters": ("q",), "values": (1.0,)}, "unknown symbol 'k'"),
    ],
)
def test_a_contradictory_model_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(MyelonicheError, match=message):
        make(**changes)


def test_an_initial_value_may_not_use_a_state() -> None:
    with pytest.raises(UnknownNameError, match="initial value of 'x': unknown symbol 'x'"):
        make(initial=(0,))


def test_a_process_needs_one_factor_per_state() -> None:
    with pytest.raises(ModelError, match="got 0 factors for 1 states"):
        Process("p", 0, (("x", 1.0),))


def test_the_structure_fingerprint_sees_events() -> None:
    model = read_antimony(DECAY)
    trigger = model.graph.call("lt", model.graph.symbol("S"), model.graph.number(1.0))
    event = Event("refill", trigger, (("S", model.graph.number(4.0)),))
    once = replace(model, events=(event,))
    assert once.structure_fingerprint() != model.structure_fingerprint()
    fleeting = replace(model, events=(replace(event, persistent=False),))
    assert fleeting.structure_fingerprint() != once.structure_fingerprint()


def test_an_event_sets_states_only() -> None:
    model = read_antimony(DECAY)
    event = Event("boost", model.graph.number(1.0), (("k", model.graph.number(4.0)),))
    with pytest.raises(UnknownNameError, match="event 'boost': unknown state 'k'"):
        replace(model, events=(event,))
