"""Time ensembles of perturbed trajectories on a GPU, with the engine's CUDA kernel and with diffrax.

Both integrate the same members of the same model in double precision with the same tolerances on the same
device, from time 0 to one output time, and both are compared with the CPU engine at tolerances a thousand
times tighter. The CUDA kernel's time contains the transfers to and from the device; compiling is counted
apart. Without a device the CPU engine is timed instead, and the table says so. Needs CuPy and, for the peer,
jax and diffrax.

    python benchmarks/gpu_vs_diffrax.py bachmann.xml:240 salazar.xml:100 niche:240 --csv gpu.csv
"""

from __future__ import annotations

import argparse
import csv
import datetime
import importlib
import platform
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.batch import Batch, Columns, flatten_table
from myeloniche.engine.cuda.choose import DeviceWarning
from myeloniche.engine.cuda.cupy_target import CupyTarget, find_device
from myeloniche.engine.cuda.device_run import integrate_on
from myeloniche.engine.cuda.source import CudaSource, print_source
from myeloniche.engine.integration import Settings, integrate
from myeloniche.engine.kernels.cache import model_equations
from myeloniche.engine.kernels.ir_printer import STRAIGHT_LINE_LIMIT
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.rosenbrock_tableau import RODAS5P
from myeloniche.engine.sbml import read_sbml
from myeloniche.engine.timeline import Member

Floats = NDArray[np.float64]
CHECKED = 16
TIGHTER = 1e-3


@dataclass(frozen=True)
class Row:
    """One measurement, a row of the table.

    Attributes
    ----------
    date, device
        When and on what.
    model, states, members, rtol, atol
        What was integrated.
    simulator
        ``cuda``, ``cpu`` or ``diffrax``.
    first_s, best_s
        Seconds of the first run, which compiles, and of the fastest one after it.
    per_second
        Trajectories per second of the fastest run.
    worst_error
        Largest error of the checked members, relative to each state's largest value among them.
    failed
        Members that failed.
    threads, registers, local_bytes
        Threads of the launch, and what each takes; 0 where that has no meaning.
    """

    date: str
    device: str
    model: str
    states: int
    members: int
    rtol: float
    atol: float
    simulator: str
    first_s: float
    best_s: float
    per_second: float
    worst_error: float
    failed: int
    threads: int = 0
    registers: int = 0
    local_bytes: int = 0


@dataclass(frozen=True)
class Task:
    """A model with its members.

    Attributes
    ----------
    name, model
        The model.
    batch
        The members.
    end
        Output time, in the model's unit.
    settings
        Tolerances and limits.
    """

    name: str
    model: OdeModel
    batch: Batch
    end: float
    settings: Settings

    @property
    def wanted(self) -> NDArray[np.int64]:
        """Numbers of all states."""
        return np.arange(len(self.model.states))


Run = Callable[[Task], tuple[Floats, int]]
"""Returns the states at the end, shape (member, state), and how many members failed."""


def parsed(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="+", help="SBML file, or 'niche', each with ':' and the end time")
    parser.add_argument("--members", type=numbers, default=(100_000, 1_000_000), help="for example 1e5,1e6")
    parser.add_argument("--peer-members", type=float, default=1e4, help="members of a run of diffrax")
    parser.add_argument("--no-peer", action="store_true", help="leave diffrax out")
    parser.add_argument("--sigma", type=float, default=0.2, help="spread of the log-normal factors")
    parser.add_argument("--varied", type=int, default=40, help="parameters that differ at most")
    parser.add_argument("--rtol", type=float, default=1e-6)
    parser.add_argument("--atol", type=float, default=1e-9)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--threads", type=numbers, default=(0,), help="per multiprocessor, 0 for all it holds"
    )
    parser.add_argument("--straight-line-limit", type=int, default=STRAIGHT_LINE_LIMIT)
    parser.add_argument("--csv", type=Path, default=Path("gpu_vs_diffrax.csv"))
    return parser.parse_args(arguments)


def numbers(text: str) -> tuple[int, ...]:
    """Return whole numbers from a text such as 1e5,1e6."""
    return tuple(int(float(part)) for part in text.split(","))


def read_model(text: str) -> tuple[str, OdeModel, float]:
    """Return a model's name, the model and the end time from a text such as file.xml:240."""
    path, _, end = text.rpartition(":")
    if path == "niche":
        return "niche", importlib.import_module("myeloniche.niche.niche").load().model, float(end)
    return Path(path).stem, read_sbml(Path(path)), float(end)


def make_task(text: str, members: int, options: argparse.Namespace) -> Task:
    """Return a model with members whose parameters are spread log-normally around the nominal ones."""
    name, model, end = read_model(text)
    used = set().union(*(model.graph.symbols(rate) for rate in model.rates))
    varied = [p for p in model.parameters if p in used and model.nominal[p] > 0.0][: options.varied]
    rng = np.random.default_rng(20240229)
    factors = np.exp(options.sigma * rng.standard_normal((len(varied), members)))
    columns = {p: model.nominal[p] * factors[place] for place, p in enumerate(varied)}
    plan = Member(parameters=dict.fromkeys(varied, 0.0), times=np.array([end]))
    settings = Settings(rtol=options.rtol, atol=options.atol)
    return Task(name, model, flatten_table(model, columns, {}, plan), end, settings)


def on_cpu(task: Task) -> tuple[Floats, int]:
    """Integrate with the CPU engine."""
    outcome = integrate(task.model, task.batch, task.wanted, task.settings)
    return outcome.states, int(np.count_nonzero(outcome.status))


def on_cuda(target: CupyTarget, source: CudaSource) -> Run:
    """Return a run with the CUDA kernel."""

    def run(task: Task) -> tuple[Floats, int]:
        arguments = (task.model, task.batch, task.wanted, task.settings)
        outcome = integrate_on(target, *arguments, source=source)
        return outcome.states, int(np.count_nonzero(outcome.status))

    return run


def full(columns: Columns, members: int) -> Floats:
    """Return all values of all members, shape (member, quantity)."""
    values = np.tile(columns.common, (members, 1))
    values[:, columns.varied] = columns.values[:members]
    return values


def on_diffrax(task: Task) -> Run:
    """Return a run with diffrax: Kvaerno5, vectorised over the members on jax's device."""
    jax: Any = importlib.import_module("jax")
    diffrax: Any = importlib.import_module("diffrax")
    jax.config.update("jax_enable_x64", True)
    equations = diffrax.ODETerm(jax_rates(task.model, jax.numpy))
    control = diffrax.PIDController(rtol=task.settings.rtol, atol=float(task.settings.atol))  # type: ignore[arg-type]

    def one(start: Any, parameters: Any) -> Any:
        found = diffrax.diffeqsolve(
            equations,
            diffrax.Kvaerno5(),
            t0=0.0,
            t1=task.end,
            dt0=None,
            y0=start,
            args=parameters,
            stepsize_controller=control,
            saveat=diffrax.SaveAt(t1=True),
            max_steps=task.settings.max_steps,
            throw=False,
        )
        return found.ys[0], found.result == diffrax.RESULTS.successful

    every = jax.jit(jax.vmap(one))
    members = task.batch.members
    start, parameters = (full(columns, members) for columns in (task.batch.initial, task.batch.parameters))

    def run(_: Task) -> tuple[Floats, int]:
        states, good = every(start, parameters)
        return np.asarray(states), int(members - np.count_nonzero(np.asarray(good)))

    return run


def jax_rates(model: OdeModel, numeric: Any) -> Callable[[Any, Any, Any], Any]:
    """Return a model's derivatives as jax traces them."""
    graph = model.graph
    steps = [(node, *graph.nodes[node]) for node in graph.order(model.rates)]
    named = {"ln": "log", "neg": "negative", "sub": "subtract", "mul": "multiply", "div": "divide"}
    named |= {"pow": "power", "min": "minimum", "max": "maximum", "lt": "less", "le": "less_equal"}
    named |= {"gt": "greater", "ge": "greater_equal", "eq": "equal", "ne": "not_equal"}
    named |= {name: f"arc{name[1:]}" for name in ("asin", "acos", "atan", "asinh", "acosh", "atanh")}
    named |= {name: f"logical_{name}" for name in ("and", "or", "not")}

    def rates(clock: Any, state: Any, parameters: Any) -> Any:
        symbols = dict(zip(model.states, state, strict=True))
        symbols |= dict(zip(model.parameters, parameters, strict=True)) | {"time": clock}
        found: dict[int, Any] = {}
        for node, operation, operands in steps:
            if operation == "number":
                found[node] = numeric.asarray(float(operands[0]))
            elif operation == "symbol":
                found[node] = symbols[operands[0]]
            elif operation == "select":
                condition, then, otherwise = (found[operand] for operand in operands)
                found[node] = numeric.where(condition != 0, then, otherwise)
            else:
                function = getattr(numeric, named.get(operation, operation))
                found[node] = function(*(found[operand] for operand in operands)) * 1.0
        return numeric.stack([found[rate] for rate in model.rates])

    return rates


def reference(task: Task) -> Floats:
    """Return the states of the first members at tight tolerances, shape (member, state)."""
    batch, count = task.batch, min(CHECKED, task.batch.members)
    first = batch._replace(
        parameters=batch.parameters._replace(values=batch.parameters.values[:count]),
        initial=batch.initial._replace(values=batch.initial.values[:count]),
        plan_of=batch.plan_of[:count],
        first_row=batch.first_row[: count + 1],
    )
    tight = Settings(rtol=task.settings.rtol * TIGHTER, atol=float(task.settings.atol) * TIGHTER)  # type: ignore[arg-type]
    return integrate(task.model, first, task.wanted, tight).states


def measure(
    task: Task, simulator: str, device: str, run: Run, options: argparse.Namespace, **more: int
) -> Row:
    """Return one row: the first run and the best of those after it."""
    durations = []
    for _ in range(1 + options.repeats):
        start = time.perf_counter()
        states, failed = run(task)
        durations.append(time.perf_counter() - start)
    exact = reference(task)
    scale = np.abs(exact).max(axis=0)
    errors = np.abs(states[: exact.shape[0]] - exact) / np.where(scale > 0.0, scale, 1.0)
    best = min(durations[1:] or durations)
    members = task.batch.members
    return Row(
        date=datetime.date.today().isoformat(),
        device=device,
        model=task.name,
        states=len(task.model.states),
        members=members,
        rtol=options.rtol,
        atol=options.atol,
        simulator=simulator,
        first_s=durations[0],
        best_s=best,
        per_second=members / best,
        worst_error=float(np.nanmax(errors, initial=0.0)),
        failed=failed,
        **more,
    )


def rows_of(text: str, options: argparse.Namespace, found: CupyTarget | str) -> Iterator[Row]:
    """Yield the measurements of one model."""
    for members in options.members:
        task = make_task(text, members, options)
        if isinstance(found, str):
            yield measure(task, "cpu", platform.processor() or "cpu", on_cpu, options)
            continue
        source = print_source(
            model_equations(task.model), RODAS5P, straight_line_limit=options.straight_line_limit
        )
        for threads in options.threads:
            target = CupyTarget(found.arrays, threads_of_one=threads or None)
            launch = target.compile(source.text, source.layout)
            usage = {"threads": launch.threads, **launch.usage()}
            yield measure(task, "cuda", found.name, on_cuda(target, source), options, **usage)
    if not options.no_peer:
        task = make_task(text, int(options.peer_members), options)
        try:
            run = on_diffrax(task)
        except ImportError as error:
            print(f"diffrax is left out: {error} (pip install diffrax 'jax[cuda13]')")
        else:
            yield measure(task, "diffrax", found if isinstance(found, str) else found.name, run, options)


def shown(row: Row) -> Row:
    """Print a row and return it."""
    print(
        f"{row.model[:24]:24s}{row.states:7d}{row.members:10d} {row.simulator:8s}{row.first_s:9.2f}"
        f"{row.best_s:10.4f}{row.per_second:13.0f}{row.worst_error:10.1e}{row.failed:8d}"
        f"{row.threads:9d}{row.registers:6d}{row.local_bytes:8d}",
        flush=True,
    )
    return row


def write(rows: Sequence[Row], path: Path) -> None:
    """Write the rows as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Row)])
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, measure, print the table and write it."""
    options = parsed(arguments)
    found = find_device()
    if isinstance(found, str):
        warnings.warn(f"no CUDA device: running on the CPU; {found}", DeviceWarning, stacklevel=2)
    print(f"{datetime.date.today().isoformat()}, {found if isinstance(found, str) else found.name}")
    print(
        f"{'model':24s}{'states':>7s}{'members':>10s} {'by':8s}{'first s':>9s}{'best s':>10s}"
        f"{'per second':>13s}{'error':>10s}{'failed':>8s}{'threads':>9s}{'regs':>6s}{'local B':>8s}"
    )
    rows: list[Row] = []
    for text in options.models:
        for row in rows_of(text, options, found):
            rows.append(shown(row))
            write(rows, options.csv)  # what is measured is kept, whatever happens next


if __name__ == "__main__":
    main()
