"""What an ensemble is, as a few words and hashes: two with the same manifest have the same numbers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

import numpy as np

from myeloniche.engine.endpoints import Endpoint
from myeloniche.engine.integration import integrate
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.table import Floats, Table
from myeloniche.engine.timeline import Period
from myeloniche.engine.trajectories import Run

__all__ = ["differences", "manifest_of"]

_SHOWN = 32  # characters; a hash has more


def manifest_of(run: Run, table: Table) -> dict[str, Any]:
    """Return the manifest of an ensemble, made of what JSON knows.

    Parameters
    ----------
    run, table
        What is asked, and of which members.

    Notes
    -----
    The number of threads, of members in a vector and of members in a chunk are no part of it, as no number
    depends on them.
    """
    settings = run.settings
    manifest = {
        "myeloniche": version("myeloniche"),
        "model": run.model.fingerprint(),
        "parameters": _columns_hash(table.parameters),
        "initial": _columns_hash(table.initial),
        "timeline": _hash(_period_words(table.plan.timeline)),
        "times": _hash([table.plan.times.tobytes()]),
        "outputs": run.outputs,
        "endpoints": [_endpoint_words(endpoint, run.model) for endpoint in run.endpoints],
        "rtol": settings.rtol,
        "atol": settings.atol if isinstance(settings.atol, float | int) else dict(settings.atol),
        "max_steps": settings.max_steps,
        "rest_tolerance": settings.rest_tolerance,
        "device": "cpu" if run.integrate is integrate else settings.device,
    }
    read: dict[str, Any] = json.loads(json.dumps(manifest, default=float))
    return read


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Return the names of what differs between two manifests, with both values where they are short."""
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return ", ".join(_difference(name, old.get(name), new.get(name)) for name in names)


def _difference(name: str, old: object, new: object) -> str:
    short = not any(isinstance(value, list | dict) or len(str(value)) > _SHOWN for value in (old, new))
    return f"{name} ({json.dumps(old)}, now {json.dumps(new)})" if short else name


def _columns_hash(columns: Mapping[str, Floats]) -> str:
    pairs = ((name.encode(), np.ascontiguousarray(columns[name])) for name in sorted(columns))
    return _hash(part for pair in pairs for part in pair)


def _period_words(timeline: Iterable[Period]) -> Iterable[bytes]:
    for period in timeline:
        yield f"{float(period.duration).hex()} {period.until_rest}".encode()
        for change in period.changes:
            yield f"{change.target} {change.action} {float(change.value).hex()}".encode()


def _endpoint_words(endpoint: Endpoint, model: OdeModel) -> list[str]:
    node = model.graph.digest(endpoint.node(model))
    return [endpoint.label, endpoint.kind, node, float(endpoint.threshold).hex(), endpoint.direction]


def _hash(parts: Iterable[Any]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(memoryview(part).nbytes.to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()
