"""Which integrator a device's name stands for, and the CPU where the device cannot be used."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Sequence

from myeloniche.engine.cuda.cupy_target import find_device
from myeloniche.engine.cuda.device_run import integrate_on
from myeloniche.engine.endpoints import Endpoint
from myeloniche.engine.integration import Outcome, integrate
from myeloniche.engine.ode_model import OdeModel
from myeloniche.errors import ModelError

__all__ = ["DEVICES", "DeviceWarning", "Integrator", "integrator"]

DEVICES = ("cpu", "cuda")

Integrator = Callable[..., Outcome]


class DeviceWarning(UserWarning):
    """A device that was asked for cannot be used, and another one does the work."""


def integrator(device: str, model: OdeModel, endpoints: Sequence[Endpoint] = ()) -> Integrator:
    """Return the function that integrates a model's batches on a device.

    Parameters
    ----------
    device
        ``"cpu"`` or ``"cuda"``.
    model
        The equations. Models with events run on the CPU.
    endpoints
        What is to be gathered on the way; if there is anything, the CPU does it.

    Returns
    -------
    A function like :func:`myeloniche.engine.integration.integrate`.

    Raises
    ------
    ModelError
        If there is no such kind of device.

    Warns
    -----
    DeviceWarning
        If CUDA was asked for and the CPU is used.
    """
    if device not in DEVICES:
        raise ModelError(f"got device {device!r}, expected one of {', '.join(map(repr, DEVICES))}")
    if device == "cpu":
        return integrate
    unknown = "events" if model.events else "endpoints" if endpoints else ""
    if unknown:
        _warn(f"model {model.name!r}: the CUDA kernel does not know {unknown}: running on the CPU")
        return integrate
    found = find_device()
    if isinstance(found, str):
        _warn(f"no CUDA device: running on the CPU; {found}")
        return integrate
    return functools.partial(integrate_on, found)


def _warn(message: str) -> None:
    # shown where simulate() or ensemble() was called
    warnings.warn(message, DeviceWarning, stacklevel=5)
