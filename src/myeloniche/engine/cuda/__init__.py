"""The engine's algorithm printed as CUDA C, one thread per member; needs no GPU to be imported or tested."""

from myeloniche.engine.cuda.choose import DeviceWarning, integrator
from myeloniche.engine.cuda.device_run import integrate_on, model_source

__all__ = ["DeviceWarning", "integrate_on", "integrator", "model_source"]
