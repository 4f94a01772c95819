"""Endpoints gathered while integrating: closed forms, stored trajectories, and independence of company."""

from __future__ import annotations

import numpy as np
import pytest
from event_models import with_events
from small_models import BLOW_UP, HILL, ONE_COMPARTMENT, model_of

from myeloniche.engine.endpoints import Endpoint
from myeloniche.engine.simulation import ensemble, simulate
from myeloniche.engine.timeline import Change, Member, Period
from myeloniche.errors import ModelError, UnknownNameError

WAVE = "model wave()\n x' = w*y; y' = -w*x\n square := x*x\n x = 0; y = 1; w = 1\nend"
ALL = (
    Endpoint("last", "x"),
    Endpoint("maximum", "x"),
    Endpoint("minimum", "x"),
    Endpoint("area", "x"),
    Endpoint("time above", "x", 0.5),
    Endpoint("first crossing", "x", 0.5),
    Endpoint("first crossing", "x", 0.5, "down", name="falls"),
    Endpoint("first crossing", "x", 1.5, name="never"),
    Endpoint("area", "square"),
)


def test_endpoints_of_a_wave_are_what_calculus_says() -> None:
    found = simulate(model_of(WAVE), [Member(times=np.array([8.0]))], rtol=1e-9, atol=1e-12, endpoints=ALL)
    assert found.outputs == ()
    second = 2.0 * np.pi + np.pi / 6.0
    exact = {
        "last of x": np.sin(8.0),
        "maximum of x": 1.0,
        "minimum of x": -1.0,
        "area of x": 1.0 - np.cos(8.0),
        "time above of x at 0.5": 4.0 * np.pi / 6.0 + 8.0 - second,
        "first crossing of x at 0.5": np.pi / 6.0,
        "falls": 5.0 * np.pi / 6.0,
        "area of square": 4.0 - np.sin(16.0) / 4.0,
    }
    for label, value in exact.items():
        np.testing.assert_allclose(found.endpoints[label], [value], rtol=1e-7, err_msg=label)
    assert np.isnan(found.endpoints["never"][0])


def test_endpoints_agree_with_a_fine_grid_of_stored_outputs() -> None:
    model = model_of(HILL)
    times = np.linspace(0.0, 30.0, 30_001)
    members = [Member({"v": v}, times=times) for v in (1.0, 2.0, 5.0)]
    endpoints = [
        Endpoint("last", "total"),
        Endpoint("maximum", "M"),
        Endpoint("minimum", "total"),
        Endpoint("area", "total"),
        Endpoint("time above", "total", 1.0),
        Endpoint("first crossing", "total", 1.0),
    ]
    found = simulate(model, members, outputs=["total", "M"], rtol=1e-8, atol=1e-11, endpoints=endpoints)
    total, m = (np.stack([found.of(i)[1][name] for i in range(3)]) for name in ("total", "M"))
    expected = [total[:, -1], m.max(1), total.min(1), np.trapezoid(total, times, axis=1)]
    for label, value in zip(found.endpoints, expected, strict=False):
        np.testing.assert_allclose(found.endpoints[label], value, rtol=1e-6, err_msg=label)
    above = total >= 1.0
    np.testing.assert_allclose(
        found.endpoints["time above of total at 1"], above[:, 1:].sum(1) * 1e-3, atol=2e-3
    )
    np.testing.assert_allclose(
        found.endpoints["first crossing of total at 1"], times[above.argmax(1)], atol=1.1e-3
    )


def test_doses_count_for_extremes_and_crossings_when_they_happen() -> None:
    model = model_of(ONE_COMPARTMENT)
    timeline = (
        Period(2.0),
        Period(3.0, (Change("Drug", "add", 4.0),)),
        Period(5.0, (Change("Drug", "add", 1.0),)),
    )
    endpoints = [
        Endpoint("maximum", "Drug"),
        Endpoint("first crossing", "Drug", 3.0),
        Endpoint("area", "Drug"),
        Endpoint("last", "Drug"),
    ]
    member = Member(timeline=timeline, times=np.array([10.0]))
    found = simulate(model, [member], rtol=1e-9, atol=1e-12, endpoints=endpoints)
    end = 4.0 * np.exp(-0.3 * 8.0) + np.exp(-0.3 * 5.0)
    values = [float(found.endpoints[endpoint.label][0]) for endpoint in endpoints]
    np.testing.assert_allclose(values, [4.0, 2.0, (5.0 - end) / 0.3, end], rtol=1e-7)


def test_periods_until_rest_do_not_count() -> None:
    model = model_of("model m()\n y' = a - y\n y = 9; a = 1\nend")
    timeline = (Period(1e3, until_rest=True), Period(4.0, (Change("a", "set", 2.0),)))
    endpoints = [Endpoint("maximum", "y"), Endpoint("area", "y")]
    found = simulate(model, [Member(timeline=timeline, times=np.empty(0))], rtol=1e-9, endpoints=endpoints)
    np.testing.assert_allclose(found.endpoints["maximum of y"], 2.0 - np.exp(-4.0), rtol=1e-5)
    np.testing.assert_allclose(found.endpoints["area of y"], 8.0 - (1.0 - np.exp(-4.0)), rtol=1e-5)


def test_endpoints_see_events() -> None:
    text = "model m()\n x' = 1; n' = 0\n full := x >= 2\n zero := 0*x\n more := n + 1\n x = 0; n = 0\nend"
    model = with_events(text, {"trigger": "full", "set": {"x": "zero", "n": "more"}})
    endpoints = [Endpoint("area", "x"), Endpoint("maximum", "x"), Endpoint("time above", "x", 1.5)]
    found = simulate(model, [Member(times=np.array([7.0]))], endpoints=endpoints)
    values = [float(values[0]) for values in found.endpoints.values()]
    np.testing.assert_allclose(values, [3 * 2.0 + 0.5, 2.0, 1.5], rtol=1e-9)


def test_jumps_of_an_observable_on_the_clock_are_seen() -> None:
    model = model_of(
        "model m()\n y' = -y\n pulse := piecewise(5, (time >= 2) && (time < 2.01), 0)\n y = 1\nend"
    )
    found = simulate(model, [Member(times=np.array([20.0]))], endpoints=[Endpoint("maximum", "pulse")])
    assert found.endpoints["maximum of pulse"][0] == pytest.approx(5.0, rel=1e-12)


def test_an_ensemble_returns_endpoints_without_the_time_axis() -> None:
    model = model_of(WAVE)
    w = np.linspace(0.5, 2.0, 20)
    data = ensemble(
        model, {"w": w}, [3.0], rtol=1e-9, atol=1e-12, endpoints=[Endpoint("area", "x", name="auc")]
    )
    assert set(data.data_vars) == {"auc"}
    assert data["auc"].dims == ("member",)
    np.testing.assert_allclose(data["auc"], (1.0 - np.cos(3.0 * w)) / w, rtol=1e-7)


def test_endpoints_of_failed_members_are_not_numbers() -> None:
    members = [Member({"k": k}, times=np.array([2.0])) for k in (0.1, 1.0)]
    found = simulate(model_of(BLOW_UP), members, endpoints=[Endpoint("maximum", "y")])
    assert np.isfinite(found.endpoints["maximum of y"][0])
    assert np.isnan(found.endpoints["maximum of y"][1])


def test_company_and_workers_do_not_change_a_bit_of_an_endpoint() -> None:
    model = model_of(HILL)
    rng = np.random.default_rng(2)
    members = [Member({"v": v}, times=np.array([40.0])) for v in rng.uniform(0.5, 5.0, 30)]
    endpoints = [Endpoint(kind, "total", 1.5) for kind in ("maximum", "area", "time above")]  # type: ignore[arg-type]
    together = simulate(model, members, workers=1, endpoints=endpoints).endpoints
    threads = simulate(model, members, workers=3, endpoints=endpoints).endpoints
    for label, values in together.items():
        assert threads[label].tobytes() == values.tobytes()
    for index in (0, 13, 29):
        alone = simulate(model, [members[index]], workers=1, endpoints=endpoints).endpoints
        assert all(alone[label][0] == together[label][index] for label in together)


def test_unknown_endpoints_are_refused() -> None:
    with pytest.raises(ModelError, match="expected one of last, maximum"):
        Endpoint("mean", "x")  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="'q'"):
        simulate(model_of(WAVE), [Member(times=np.array([1.0]))], endpoints=[Endpoint("last", "q")])
