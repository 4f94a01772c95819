"""The printed CUDA source compiled as C++ for this machine, so that it can be tested without a GPU."""

from __future__ import annotations

import ctypes
import hashlib
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from myeloniche.engine.batch import flatten_members
from myeloniche.engine.cuda.device_run import integrate_on
from myeloniche.engine.cuda.work_layout import WorkLayout
from myeloniche.engine.integration import Outcome, Settings
from myeloniche.engine.observation import needed_states
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.timeline import Member

COMPILER = next((found for name in ("c++", "g++", "clang++") if (found := shutil.which(name))), None)
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="no C++ compiler (c++, g++ or clang++) here")


# what a CUDA compiler knows by itself, for a compiler that does not
CUDA_WORDS = """
#include <math.h>
#include <string.h>
#define __global__
#define __device__
#define __constant__
#define __noinline__ __attribute__((noinline))
struct Dimension { unsigned x; };
static Dimension blockIdx, blockDim, threadIdx;
static double __longlong_as_double(long long bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
static unsigned long long atomicAdd(unsigned long long *place, unsigned long long more)
{
    const unsigned long long before = *place;
    *place += more;
    return before;
}
"""
CUDA_LAUNCH = """
extern "C" void launch(const Batch *batch)
{
    blockDim.x = 2;
    for (blockIdx.x = 0; blockIdx.x < 3; ++blockIdx.x)
        for (threadIdx.x = 0; threadIdx.x < 2; ++threadIdx.x) integrate(batch);
}
"""


class HostLaunch:
    """The kernel as a function of a shared library; its threads run one after the other."""

    def __init__(self, library: Path, name: str, threads: int, global_words: int) -> None:
        self.function: Any = getattr(ctypes.CDLL(str(library)), name)
        self.function.argtypes = [ctypes.c_void_p]
        self.function.restype = None
        self.threads = threads
        self.global_words = global_words

    def __call__(self, struct: NDArray[np.uint64], threads: int) -> None:
        assert threads <= self.threads
        self.function(struct.ctypes.data)


class HostTarget:
    """This machine as if it were a device.

    ``global_work`` chooses the place of the work arrays, and ``as_device`` the part of the source that a CUDA
    compiler reads, with stand-ins for what such a compiler knows.
    """

    def __init__(
        self,
        folder: Path,
        *,
        threads: int = 3,
        global_work: bool = False,
        at_once: int = 1000,
        as_device: bool = False,
    ) -> None:
        self.arrays: Any = np
        self.folder = folder
        self.threads = threads
        self.global_work = global_work
        self.at_once = at_once
        self.as_device = as_device

    def compile(self, text: str, layout: WorkLayout) -> HostLaunch:
        words = layout.slots * self.threads if self.global_work else 0
        text = CUDA_WORDS + text + CUDA_LAUNCH if self.as_device else text
        flags = ["-O1", "-shared", "-fPIC", "-std=c++14", "-ffp-contract=off", "-Wall", "-Werror"]
        flags += ["-Wno-unused", "-Wno-unknown-pragmas"]
        flags += ["-D__CUDACC__"] if self.as_device else []
        flags += [f"-DWORK_STRIDE={self.threads}"] if words else []
        name = hashlib.sha256(repr((text, flags)).encode()).hexdigest()[:16]
        library = self.folder / f"{name}.so"
        if not library.exists():
            source = self.folder / f"{name}.cpp"
            source.write_text(text, encoding="utf-8")
            assert COMPILER is not None
            done = subprocess.run(
                [COMPILER, *flags, "-o", str(library), str(source)],
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr[:4000]
        return HostLaunch(library, "launch" if self.as_device else "integrate", self.threads, words)

    def address(self, array: Any) -> int:
        return int(array.ctypes.data)

    def fetch(self, array: Any) -> NDArray[Any]:
        return np.asarray(array)

    def members_at_once(self, bytes_of_one: int) -> int:
        assert bytes_of_one > 0
        return self.at_once


def run_on_host(target: HostTarget, model: OdeModel, members: Sequence[Member], **settings: Any) -> Outcome:
    """Return what the printed kernel makes of some members, all states kept."""
    wanted = needed_states(model, model.states)
    return integrate_on(target, model, flatten_members(model, members), wanted, Settings(**settings))
