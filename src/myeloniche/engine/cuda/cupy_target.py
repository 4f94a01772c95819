"""A CUDA device through CuPy, whose NVRTC compiles the printed source and keeps the result on disk."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.cuda.work_layout import WorkLayout

__all__ = ["CupyLaunch", "CupyTarget", "find_device"]

BLOCK = 64
"""Threads of a block: two warps, as threads with large work arrays gain nothing from neighbours."""

_LOCAL_LIMIT = 511 * 1024  # bytes of local memory that CUDA gives one thread
_WORK_SHARE = 0.4  # of the free memory, for the threads' work arrays
_MEMBER_SHARE = 0.4  # of the free memory, for members' inputs and outputs


def find_device() -> CupyTarget | str:
    """Return the current CUDA device, or the reason why there is none to be used."""
    try:
        cupy = importlib.import_module("cupy")
    except ImportError:
        return "CuPy is not installed (pip install 'myeloniche[gpu]')"
    try:
        count = int(cupy.cuda.runtime.getDeviceCount())
    except Exception as error:  # CuPy's own classes, of the driver or the runtime
        return f"the CUDA driver does not answer ({error})"
    return CupyTarget(cupy) if count else "the driver reports no device"


class CupyTarget:
    """The current CUDA device.

    Parameters
    ----------
    cupy
        The CuPy module.
    threads_of_one
        Threads on each of its multiprocessors, by default as many as it can hold; fewer leave each of them
        more of the caches.
    options
        Further options of the compiler.

    Attributes
    ----------
    arrays
        CuPy, for its arrays.
    name
        What the device is called.
    resident
        Threads that run at a time at most.
    """

    def __init__(
        self, cupy: Any, *, threads_of_one: int | None = None, options: tuple[str, ...] = ()
    ) -> None:
        self.arrays = cupy
        self.options = options
        self._runtime = cupy.cuda.runtime
        properties = self._runtime.getDeviceProperties(self._runtime.getDevice())
        name = properties["name"]
        self.name = name.decode() if isinstance(name, bytes) else str(name)
        self._holds = int(properties["multiProcessorCount"] * properties["maxThreadsPerMultiProcessor"])
        chosen = int(properties["multiProcessorCount"]) * (threads_of_one or 0)
        self.resident = min(self._holds, chosen) if chosen else self._holds

    def compile(self, text: str, layout: WorkLayout) -> CupyLaunch:
        """Compile a source, its work arrays in local memory unless they are too large for it.

        Notes
        -----
        The driver sets local memory aside for as many threads as the device can hold at a time, so that is
        what has to fit. Where it does not, fewer threads have their work in global memory.
        """
        room = int(_WORK_SHARE * self._free())
        size = 8 * layout.slots
        if size <= _LOCAL_LIMIT and size * self._holds <= room:
            return CupyLaunch(self.arrays, text, self.options, self.resident, 0)
        threads = max(BLOCK, min(self.resident, room // size) // BLOCK * BLOCK)
        options = (*self.options, f"-DWORK_STRIDE={threads}")
        return CupyLaunch(self.arrays, text, options, threads, layout.slots * threads)

    def address(self, array: Any) -> int:
        """Return an array's address on the device."""
        return int(array.data.ptr)

    def fetch(self, array: Any) -> NDArray[Any]:
        """Copy an array to the host."""
        return np.asarray(self.arrays.asnumpy(array))

    def members_at_once(self, bytes_of_one: int) -> int:
        """Return how many members' inputs and outputs fit in the free memory, outputs there twice."""
        return int(_MEMBER_SHARE * self._free()) // (2 * bytes_of_one)

    def _free(self) -> int:
        pool = self.arrays.get_default_memory_pool()
        return int(self._runtime.memGetInfo()[0]) + int(pool.free_bytes())


class CupyLaunch:
    """A kernel on the device.

    Parameters
    ----------
    cupy
        The CuPy module.
    text
        The source.
    options
        Options of the compiler.
    threads
        Threads at most.
    global_words
        Doubles of work in global memory, 0 for local memory.
    """

    def __init__(
        self, cupy: Any, text: str, options: tuple[str, ...], threads: int, global_words: int
    ) -> None:
        self._cupy = cupy
        module = cupy.RawModule(code=text, options=("--std=c++14", *options))
        self.kernel: Any = module.get_function("integrate")
        self.threads = threads
        self.global_words = global_words

    def __call__(self, struct: NDArray[np.uint64], threads: int) -> None:
        """Run the kernel on a batch and wait for its end."""
        words = self._cupy.asarray(struct)
        self.kernel((-(-threads // BLOCK),), (BLOCK,), (words,))
        self._cupy.cuda.get_current_stream().synchronize()

    def usage(self) -> dict[str, int]:
        """Return the registers and the bytes of local memory that a thread takes."""
        return {"registers": int(self.kernel.num_regs), "local_bytes": int(self.kernel.local_size_bytes)}
