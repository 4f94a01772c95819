"""The kernels around a model's equations: one step attempt, its dense output, the first step size.

They are loops over the states with one vector per state, the same for every model but for its size.

References
----------
.. [1] E. Hairer, S. P. Nørsett, G. Wanner, Solving Ordinary Differential Equations I, 2nd edition,
   Springer 1993, section II.4, doi:10.1007/978-3-540-78862-1. The size of the first step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from myeloniche.engine.kernels.chunks import function_text
from myeloniche.engine.kernels.ir_writer import IrWriter
from myeloniche.engine.kernels.layout import Layout
from myeloniche.engine.rosenbrock_tableau import RosenbrockTableau

__all__ = ["PUBLIC_KERNELS", "step_text"]

PUBLIC_KERNELS = ("prepare", "start", "step", "dense", "interpolate", "accept", "rest")


def step_text(layout: Layout, tableau: RosenbrockTableau) -> str:
    """Return IR of the kernels ``start``, ``step``, ``dense``, ``interpolate``, ``accept`` and ``rest``."""
    printers: dict[str, Callable[[_LoopWriter], None]] = {
        "start": _start,
        "step": lambda writer: _step(writer, tableau),
        "dense": lambda writer: _dense(writer, tableau),
        "interpolate": _interpolate,
        "accept": _accept,
        "rest": _rest,
    }
    parts = []
    for name, printer in printers.items():
        writer = _LoopWriter(layout)
        writer.raw("entry:")
        printer(writer)
        parts.append(function_text(name, writer.lines))
    return "\n".join(parts)


class _LoopWriter(IrWriter):
    """A writer that knows the workspace and loops over the states."""

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout.lanes)
        self.layout = layout
        self._loops = 0
        self._block = "entry"
        self._offset = ""

    def get(self, name: str) -> str:
        """Return a scalar of the workspace, one value per lane."""
        return self.load(self.layout[name])

    def put(self, name: str, value: str) -> None:
        """Write a scalar of the workspace."""
        self.store(value, self.layout[name])

    def item(self, name: str) -> str:
        """Return the element of a part of the workspace that belongs to the loop's state."""
        address = self._item_address(name)
        return self.emit(f"load {self.double}, ptr {address}, align {8 * self.lanes}")

    def put_item(self, name: str, value: str) -> None:
        """Write the element of a part that belongs to the loop's state."""
        address = self._item_address(name)
        self.raw(f"  store {self.double} {value}, ptr {address}, align {8 * self.lanes}")

    def for_states(
        self, body: Callable[[tuple[str, ...]], tuple[str, ...]], initial: Sequence[str] = ()
    ) -> list[str]:
        """Print a loop over the states that carries values along, and return their last ones."""
        label = f"loop{self._loops}"
        self._loops += 1
        carried = tuple(f"%{label}_c{index}" for index in range(len(initial)))
        body_lines, self.lines = self.lines, []
        self._offset = f"%{label}_i"
        results = body(carried)
        inner, self.lines = self.lines, body_lines
        size = 8 * self.lanes
        self.raw(f"  br label %{label}")
        self.raw(f"{label}:")
        self.raw(f"  %{label}_i = phi i64 [0, %{self._block}], [%{label}_next, %{label}]")
        for name, first, last in zip(carried, initial, results, strict=True):
            self.raw(f"  {name} = phi {self.double} [{first}, %{self._block}], [{last}, %{label}]")
        self.lines += inner
        self.raw(f"  %{label}_next = add nuw nsw i64 %{label}_i, {size}")
        self.raw(f"  %{label}_more = icmp ult i64 %{label}_next, {size * self.layout.states}")
        self._block = f"{label}_done"
        self.raw(f"  br i1 %{label}_more, label %{label}, label %{self._block}")
        self.raw(f"{self._block}:")
        return list(results)

    def rates_at(self, name: str) -> None:
        """Call the equations at a state vector of the workspace."""
        address = self.pointer(self.layout[name])
        self.raw(f"  call void @rhs(ptr %w, ptr {address})")

    def square_mean(self, total: str) -> str:
        """Return a sum over the states divided by their number."""
        return self.mul(total, self.splat(1.0 / self.layout.states))

    def weighted(self, value: str, *states: str) -> str:
        """Return a value over its tolerance: the state's absolute one plus the relative one."""
        magnitude = self.intrinsic("fabs", states[0])
        for state in states[1:]:
            other = self.intrinsic("fabs", state)
            magnitude = self.select(self.compare("ogt", other, magnitude), other, magnitude)
        scale = self.add(self.item("tolerance"), self.mul(self.get("relative_tolerance"), magnitude))
        return self.div(value, scale)

    def _item_address(self, name: str) -> str:
        base = self.pointer(self.layout[name])
        return self.emit(f"getelementptr i8, ptr {base}, i64 {self._offset}")


def _weighted_sum(writer: _LoopWriter, weights: Sequence[float], values: Sequence[str]) -> str | None:
    total = None
    for weight, value in zip(weights, values, strict=True):
        if weight == 0.0:
            continue
        term = value if weight == 1.0 else writer.mul(writer.splat(weight), value)
        total = term if total is None else writer.add(total, term)
    return total


def _step(writer: _LoopWriter, tableau: RosenbrockTableau) -> None:
    writer.put("stage_time", writer.get("time"))
    writer.raw(f"  call void @jacobian(ptr %w, ptr {writer.pointer(writer.layout['state'])})")
    writer.raw("  call void @factor(ptr %w)")
    inverse_step = writer.div(writer.splat(1.0), writer.get("step"))
    for stage in range(tableau.stages):
        _stage(writer, tableau, stage, inverse_step)
    _finish(writer, tableau)


def _stage(writer: _LoopWriter, tableau: RosenbrockTableau, stage: int, inverse_step: str) -> None:
    timed = writer.layout.timed
    advance = writer.mul(writer.get("clock"), writer.get("step")) if timed else ""
    slope = writer.mul(writer.splat(tableau.slopes[stage]), advance) if timed else ""
    if timed:
        node = writer.mul(writer.splat(tableau.nodes[stage]), advance)
        writer.put("stage_time", writer.add(writer.get("time"), node))

    def body(_: tuple[str, ...]) -> tuple[str, ...]:
        known = [writer.item(f"k{earlier + 1}") for earlier in range(stage)]
        if stage > 0:
            moved = _weighted_sum(writer, tableau.arguments[stage], known)
            state = writer.item("state")
            writer.put_item("stage", state if moved is None else writer.add(state, moved))
        coupling = _weighted_sum(writer, tableau.couplings[stage], known)
        correction = writer.splat(0.0) if coupling is None else writer.mul(coupling, inverse_step)
        if timed and tableau.slopes[stage] != 0.0:
            correction = writer.add(correction, writer.mul(slope, writer.item("time_slope")))
        writer.put_item("correction", correction)
        return ()

    writer.for_states(body)
    writer.rates_at("stage" if stage > 0 else "state")
    target = writer.pointer(writer.layout[f"k{stage + 1}"])
    writer.raw(f"  call void @solve(ptr %w, ptr {target})")


def _finish(writer: _LoopWriter, tableau: RosenbrockTableau) -> None:
    last = f"k{tableau.stages}"

    def body(carried: tuple[str, ...]) -> tuple[str, ...]:
        error = writer.item(last)
        end = writer.add(writer.item("stage"), error)
        writer.put_item("state_end", end)
        ratio = writer.weighted(error, writer.item("state"), end)
        # a state that overflows must fail the step also where its error over its size is a number
        ratio = writer.add(ratio, writer.mul(writer.splat(0.0), end))
        return (writer.add(carried[0], writer.mul(ratio, ratio)),)

    (total,) = writer.for_states(body, [writer.splat(0.0)])
    error = writer.square_mean(total)
    writer.put("error", error)
    logarithm = writer.call("v_ln", error)
    exponent = writer.mul(writer.splat(-0.5 / tableau.order), logarithm)
    writer.put("growth", writer.call("v_exp", exponent))


def _dense(writer: _LoopWriter, tableau: RosenbrockTableau) -> None:
    def body(_: tuple[str, ...]) -> tuple[str, ...]:
        known = [writer.item(f"k{stage + 1}") for stage in range(tableau.stages)]
        for row, weights in enumerate(tableau.dense):
            total = _weighted_sum(writer, weights, known)
            writer.put_item(f"dense{row + 2}", writer.splat(0.0) if total is None else total)
        return ()

    writer.for_states(body)


def _interpolate(writer: _LoopWriter) -> None:
    theta = writer.get("theta")
    rest = writer.sub(writer.splat(1.0), theta)

    def body(_: tuple[str, ...]) -> tuple[str, ...]:
        value = writer.add(writer.item("dense3"), writer.mul(theta, writer.item("dense4")))
        value = writer.add(writer.item("dense2"), writer.mul(theta, value))
        value = writer.add(writer.item("state_end"), writer.mul(rest, value))
        value = writer.add(writer.mul(rest, writer.item("state")), writer.mul(theta, value))
        writer.put_item("output", value)
        return ()

    writer.for_states(body)


def _accept(writer: _LoopWriter) -> None:
    accepted = writer.compare("une", writer.get("mask"), writer.splat(0.0))

    def body(_: tuple[str, ...]) -> tuple[str, ...]:
        chosen = writer.select(accepted, writer.item("state_end"), writer.item("state"))
        writer.put_item("state", chosen)
        return ()

    writer.for_states(body)


def _rest(writer: _LoopWriter) -> None:
    writer.put("stage_time", writer.get("time"))
    writer.rates_at("state")
    tolerance = writer.get("rest_tolerance")

    def body(carried: tuple[str, ...]) -> tuple[str, ...]:
        size = writer.add(writer.intrinsic("fabs", writer.item("state")), writer.item("tolerance"))
        speed = writer.intrinsic("fabs", writer.item("rate"))
        excess = writer.sub(speed, writer.mul(tolerance, size))
        larger = writer.compare("ogt", excess, carried[0])
        return (writer.select(larger, excess, carried[0]),)

    (unrest,) = writer.for_states(body, [writer.splat(float("-inf"))])
    writer.put("unrest", unrest)


def _start(writer: _LoopWriter) -> None:
    """Print the first step size [1]_ from the sizes of the state, its slope and its second derivative."""
    writer.put("stage_time", writer.get("time"))
    writer.rates_at("state")

    def sizes(carried: tuple[str, ...]) -> tuple[str, ...]:
        state, rate = writer.item("state"), writer.item("rate")
        writer.put_item("k1", rate)
        level, slope = writer.weighted(state, state), writer.weighted(rate, state)
        squares = (writer.mul(level, level), writer.mul(slope, slope))
        return writer.add(carried[0], squares[0]), writer.add(carried[1], squares[1])

    zero = writer.splat(0.0)
    level, slope = (
        writer.intrinsic("sqrt", writer.square_mean(total))
        for total in writer.for_states(sizes, [zero, zero])
    )
    trial = _trial_step(writer, level, slope)

    def euler(_: tuple[str, ...]) -> tuple[str, ...]:
        moved = writer.add(writer.item("state"), writer.mul(trial, writer.item("k1")))
        writer.put_item("stage", moved)
        return ()

    writer.for_states(euler)
    if writer.layout.timed:
        later = writer.add(writer.get("time"), writer.mul(trial, writer.get("clock")))
        writer.put("stage_time", later)
    writer.rates_at("stage")

    def bend(carried: tuple[str, ...]) -> tuple[str, ...]:
        change = writer.sub(writer.item("rate"), writer.item("k1"))
        ratio = writer.weighted(change, writer.item("state"))
        return (writer.add(carried[0], writer.mul(ratio, ratio)),)

    (total,) = writer.for_states(bend, [zero])
    curvature = writer.div(writer.intrinsic("sqrt", writer.square_mean(total)), trial)
    writer.put("slope", slope)
    writer.put("guess", _first_step(writer, trial, slope, curvature))


def _trial_step(writer: _LoopWriter, level: str, slope: str) -> str:
    trial = writer.mul(writer.splat(0.01), writer.div(level, slope))
    tiny = writer.splat(1e-5)
    small = writer.logic("or", writer.compare("olt", level, tiny), writer.compare("olt", slope, tiny))
    span = writer.get("span")
    trial = writer.select(small, writer.mul(writer.splat(1e-6), span), trial)
    return writer.select(writer.compare("olt", trial, span), trial, span)


def _first_step(writer: _LoopWriter, trial: str, slope: str, curvature: str) -> str:
    larger = writer.select(writer.compare("ogt", curvature, slope), curvature, slope)
    root = writer.mul(writer.splat(0.2), writer.call("v_ln", writer.div(writer.splat(0.01), larger)))
    step = writer.call("v_exp", root)
    flat = writer.compare("olt", larger, writer.splat(1e-15))
    step = writer.select(flat, writer.mul(writer.splat(1e-3), writer.get("span")), step)
    limit = writer.mul(writer.splat(100.0), trial)
    return writer.select(writer.compare("olt", step, limit), step, limit)
