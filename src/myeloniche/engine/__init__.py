"""Any SBML model to compiled kernels to trajectories of an ensemble; knows no biology.

Names are loaded on first use, as libSBML, SciPy and the compiler are slow to import.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from myeloniche.engine.antimony_text import antimony_to_sbml, read_antimony
    from myeloniche.engine.endpoints import Endpoint
    from myeloniche.engine.expression import ExpressionGraph
    from myeloniche.engine.handles import with_handles
    from myeloniche.engine.jacobian import SymbolicJacobian, symbolic_jacobian
    from myeloniche.engine.ode_model import Event, OdeModel, Process
    from myeloniche.engine.reference import simulate_reference
    from myeloniche.engine.sbml import read_sbml
    from myeloniche.engine.simulation import ensemble, simulate
    from myeloniche.engine.timeline import Change, Member, Period
    from myeloniche.engine.trajectories import Trajectories

__all__ = [
    "Change",
    "Endpoint",
    "Event",
    "ExpressionGraph",
    "Member",
    "OdeModel",
    "Period",
    "Process",
    "SymbolicJacobian",
    "Trajectories",
    "antimony_to_sbml",
    "ensemble",
    "read_antimony",
    "read_sbml",
    "simulate",
    "simulate_reference",
    "symbolic_jacobian",
    "with_handles",
]

_MODULES = {
    "Change": "timeline",
    "Endpoint": "endpoints",
    "Event": "ode_model",
    "ExpressionGraph": "expression",
    "Member": "timeline",
    "OdeModel": "ode_model",
    "Period": "timeline",
    "Process": "ode_model",
    "SymbolicJacobian": "jacobian",
    "Trajectories": "trajectories",
    "antimony_to_sbml": "antimony_text",
    "ensemble": "simulation",
    "read_antimony": "antimony_text",
    "read_sbml": "sbml",
    "simulate": "simulation",
    "simulate_reference": "reference",
    "symbolic_jacobian": "jacobian",
    "with_handles": "handles",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
