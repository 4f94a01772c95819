"""Which integrator a device's name stands for, and the CPU where the device cannot be used."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable

from myeloniche.engine.cuda.cupy_target import find_device
from myeloniche.engine.cuda.device_run import integrate_on
from myeloniche.engine.integration import Outcome, integrate
from myeloniche.engine.ode_model import OdeModel
from myeloniche.errors import ModelError

__all__ = ["DEVICES", "DeviceWarning", "integrator"]

DEVICES = ("cpu", "cuda")

Integrator = Callable[..., Outcome]


class DeviceWarning(UserWarning):
    """A device that was asked for cannot be used, and another one does the work."""


def integrator(device: str, model: OdeModel) -> Integrator:
    """Return the function that integrates a model's batches on a device.

    Parameters
    ----------
    device
        ``"cpu"`` or ``"cuda"``.
    model
        The equations. Models with events run on the CPU.

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
    if getattr(model, "events", ()):
        _warn(f"model {model.name!r} has events, which the CUDA kernel does not know: running on the CPU")
        return integrate
    found = find_device()
    if isinstance(found, str):
        _warn(f"no CUDA device: running on the CPU; {found}")
        return integrate
    return functools.partial(integrate_on, found)


def _warn(message: str) -> None:
    # the caller's caller is simulate() or ensemble()
    warnings.warn(message, DeviceWarning, stacklevel=5)
