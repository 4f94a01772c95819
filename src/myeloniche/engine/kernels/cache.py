"""Compiled kernels kept on disk, found again by their content.

The key covers the equations, the number of lanes, the method, the sources of this package that print and
compile, LLVM's version and the processor. So nothing stale can ever be found, and a file may be deleted at
any time.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from myeloniche.engine.expression import TIME
from myeloniche.engine.jacobian import symbolic_jacobian
from myeloniche.engine.kernels.compile import CompiledObject, Machine, host_machine, link_object, object_code
from myeloniche.engine.kernels.ir_printer import Equations, print_module
from myeloniche.engine.kernels.layout import Layout
from myeloniche.engine.kernels.step_printer import PUBLIC_KERNELS
from myeloniche.engine.kernels.watch_printer import watch_kernel_names, watch_text
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.rosenbrock_tableau import RODAS5P

__all__ = [
    "CACHE_VARIABLE",
    "ModelKernels",
    "cache_directory",
    "model_equations",
    "model_kernels",
    "watch_kernels",
]

CACHE_VARIABLE = "MYELONICHE_CACHE_DIR"


@dataclass(frozen=True)
class ModelKernels:
    """The compiled equations of a model and everything to call them.

    Attributes
    ----------
    layout
        Where the workspace has what.
    addresses
        Address of each kernel by name.
    compiled
        The machine code; the addresses are valid as long as it exists.
    """

    layout: Layout
    compiled: CompiledObject

    @property
    def addresses(self) -> dict[str, int]:
        """Address of each kernel by name."""
        return self.compiled.addresses


def cache_directory() -> Path:
    """Return the folder of compiled kernels: ``MYELONICHE_CACHE_DIR``, or the platform's place for caches.

    Where that cannot be written, a folder of the user below the temporary directory serves.
    """
    chosen = os.environ.get(CACHE_VARIABLE)
    candidates = [Path(chosen)] if chosen else [_platform_directory()]
    user = os.environ.get("USER") or os.environ.get("USERNAME") or "user"
    candidates.append(Path(tempfile.gettempdir()) / f"myeloniche-{user}")
    for candidate in candidates:
        with contextlib.suppress(OSError):
            candidate.mkdir(parents=True, exist_ok=True)
            if os.access(candidate, os.W_OK):
                return candidate
    return candidates[-1]


def model_kernels(model: OdeModel, *, lanes: int | None = None) -> ModelKernels:
    """Return a model's kernels, from this process, from disk, or compiled now.

    Parameters
    ----------
    model
        The equations; nominal values do not matter.
    lanes
        Trajectories in one vector; by default what the processor's widest registers hold.
    """
    machine = _host()
    return _linked(_Structure(model), lanes or machine.lanes, cache_directory())


def watch_kernels(model: OdeModel, groups: Mapping[str, Sequence[int]], *, lanes: int) -> ModelKernels:
    """Return kernels that compute groups of expressions of a model along its trajectory.

    Parameters
    ----------
    model
        The equations.
    groups
        Nodes of each group by name.
    lanes
        Trajectories in one vector.

    Returns
    -------
    The kernels that :mod:`myeloniche.engine.kernels.watch_printer` describes, and the layout of the workspace
    with room for what they compute.
    """
    shape = tuple((name, tuple(nodes)) for name, nodes in groups.items())
    return _watching(_Structure(model), lanes, shape, cache_directory())


@functools.lru_cache(maxsize=64)
def _watching(
    structure: _Structure, lanes: int, groups: tuple[tuple[str, tuple[int, ...]], ...], directory: Path
) -> ModelKernels:
    model = structure.model
    machine = _host()
    layout = _linked(structure, lanes, directory).layout
    content = [f"{name} {' '.join(map(model.graph.digest, nodes))}" for name, nodes in groups]
    key = hashlib.sha256("\n".join([_key(model, lanes, machine), *content]).encode()).hexdigest()
    stored = _Stored(directory / f"{key}.kernels")
    found = stored.read()
    if found is None:
        nodes = model.graph.nodes
        text, whole = watch_text(nodes, model.states, model.parameters, layout, dict(groups), RODAS5P)
        found = whole, object_code(text, machine)
        stored.write(*found)
    whole, code = found
    names = watch_kernel_names(name for name, _ in groups)
    return ModelKernels(whole, link_object(code, names, machine))


class _Structure:
    """A model that equals another one if their equations are the very same nodes of the same graph."""

    def __init__(self, model: OdeModel) -> None:
        self.model = model
        self.content = (id(model.graph), model.states, model.parameters, model.rates)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Structure) and self.content == other.content

    def __hash__(self) -> int:
        return hash(self.content)


@functools.cache
def _host() -> Machine:
    return host_machine()


# A graph only grows and is kept alive by the entry, so an entry is found by what it was made from.
@functools.lru_cache(maxsize=64)
def _linked(structure: _Structure, lanes: int, directory: Path) -> ModelKernels:
    model = structure.model
    machine = _host()
    stored = _Stored(directory / f"{_key(model, lanes, machine)}.kernels")
    found = stored.read()
    if found is None:
        text, layout = print_module(model_equations(model), lanes=lanes, tableau=RODAS5P)
        found = layout, object_code(text, machine)
        stored.write(*found)
    layout, code = found
    return ModelKernels(layout, link_object(code, PUBLIC_KERNELS, machine))


def _key(model: OdeModel, lanes: int, machine: Machine) -> str:
    digest = hashlib.sha256()
    parts: Sequence[str] = (
        *("state " + name for name in model.states),
        *("parameter " + name for name in model.parameters),
        *(model.graph.digest(rate) for rate in model.rates),
        str(lanes),
        repr(RODAS5P),
        _printer_key(),
        machine.key(),
    )
    for part in parts:
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()


@functools.cache
def _printer_key() -> str:
    """Return a hash of the sources that decide what is compiled."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    for path in sorted([*here.glob("*.py"), here.parent / "jacobian.py", here.parent / "derivatives.py"]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def model_equations(model: OdeModel) -> Equations:
    """Return what the kernels of a model compute."""
    jacobian = symbolic_jacobian(model)
    graph = model.graph
    timed = any(graph.depends_on(rate, TIME) for rate in model.rates)
    entries = tuple(zip(jacobian.rows, jacobian.columns, jacobian.nodes, strict=True))
    return Equations(
        nodes=graph.nodes,
        states=model.states,
        parameters=model.parameters,
        rates=model.rates,
        jacobian=entries,
        time_slopes=jacobian.time_derivatives if timed else (),
    )


@dataclass(frozen=True)
class _Stored:
    """One file of the cache: a line of JSON with the layout, then the object code."""

    path: Path

    def read(self) -> tuple[Layout, bytes] | None:
        try:
            content = self.path.read_bytes()
        except OSError:
            return None
        head, _, code = content.partition(b"\n")
        try:
            description: dict[str, Any] = json.loads(head)
            if description.pop("code") != hashlib.sha256(code).hexdigest():
                return None
            return Layout(**description), code
        except (ValueError, KeyError, TypeError):  # a torn file is as good as none
            return None

    def write(self, layout: Layout, code: bytes) -> None:
        description = {**layout.as_dict(), "code": hashlib.sha256(code).hexdigest()}
        head = json.dumps(description).encode() + b"\n"
        # a cache that cannot be written costs time, not correctness
        with contextlib.suppress(OSError):
            handle, name = tempfile.mkstemp(dir=self.path.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(head + code)
            os.replace(name, self.path)


def _platform_directory() -> Path:
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(home))) / "myeloniche" / "cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "myeloniche"
    return Path(os.environ.get("XDG_CACHE_HOME", str(home / ".cache"))) / "myeloniche"
