"""What Numba lacks: calls of machine code by its address, and a counter that threads share."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["call_kernel", "compiled", "compiled_part", "fetch_and_increment", "inlined_part", "source_number"]

# Numba's own annotations know neither its internal options nor its builders
_jit: Any = njit
_tools: Any = cgutils

_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function) -> _Function:
    """Compile a function with Numba, once for all processes, to run without the interpreter's lock.

    It counts no references, so it must not create arrays; counting them cost ten times the integration.
    """
    options = {"nogil": True, "error_model": "numpy", "_nrt": False}
    try:
        return cast(_Function, _jit(cache=True, **options)(function))
    except RuntimeError:  # neither the package's folder nor the user's cache can be written
        return cast(_Function, _jit(**options)(function))


def source_number(*modules: str) -> int:
    """Return a number that stands for the sources of some modules of the engine.

    Numba's store of compiled functions knows the file of a function only. A function that closes over this
    number is compiled anew when one of its parts in another file has changed.
    """
    engine = Path(__file__).parent.parent
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for module in modules:
        digest.update((engine / f"{module}.py").read_bytes())
    return int.from_bytes(digest.digest()[:7], "little") + 1


def compiled_part(function: _Function) -> _Function:
    """Compile a function that only compiled functions call; without a door to Python it compiles faster."""
    options = {"error_model": "numpy", "_nrt": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return cast(_Function, _jit(**options)(function))


def inlined_part(function: _Function) -> _Function:
    """Compile a function into its callers, for helpers of tables too wide to be handed over at every call."""
    options = {"error_model": "numpy", "_nrt": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return cast(_Function, _jit(forceinline=True, **options)(function))


def _call_kernel(_: Any, address: Any, workspace: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = ir.IntType(8).as_pointer()
        function = ir.FunctionType(ir.VoidType(), [pointer])
        target = builder.inttoptr(arguments[0], function.as_pointer())
        array = _tools.create_struct_proxy(signature.args[1])(context, builder, value=arguments[1])
        builder.call(target, [builder.bitcast(array.data, pointer)])
        return context.get_dummy_value()

    return types.void(address, workspace), generate


def _fetch_and_increment(_: Any, counter: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = _tools.create_struct_proxy(signature.args[0])(context, builder, value=arguments[0])
        one = ir.Constant(ir.IntType(64), 1)
        return builder.atomic_rmw("add", array.data, one, "monotonic")

    return types.int64(counter), generate


call_kernel = cast(Callable[[int, Any], None], intrinsic(_call_kernel))
"""Call the function at an address with the address of an array's first element."""

fetch_and_increment = cast(Callable[[Any], int], intrinsic(_fetch_and_increment))
"""Return the first number of an integer array and add one to it, as one step for all threads."""
