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


class HostLaunch:
    """The kernel as a function of a shared library; its threads run one after the other."""

    def __init__(self, library: Path, threads: int, global_words: int) -> None:
        self.function: Any = ctypes.CDLL(str(library)).integrate
        self.function.argtypes = [ctypes.c_void_p]
        self.function.restype = None
        self.threads = threads
        self.global_words = global_words

    def __call__(self, struct: NDArray[np.uint64], threads: int) -> None:
        assert threads <= self.threads
        self.function(struct.ctypes.data)


class HostTarget:
    """This machine as if it were a device, with work in local or in global memory."""

    def __init__(
        self, folder: Path, *, threads: int = 3, global_work: bool = False, at_once: int = 1000
    ) -> None:
        self.arrays: Any = np
        self.folder = folder
        self.threads = threads
        self.global_work = global_work
        self.at_once = at_once

    def compile(self, text: str, layout: WorkLayout) -> HostLaunch:
        words = layout.slots * self.threads if self.global_work else 0
        flags = ["-O1", "-shared", "-fPIC", "-std=c++14", "-ffp-contract=off", "-Wall", "-Werror"]
        flags += ["-Wno-unused"] + ([f"-DWORK_STRIDE={self.threads}"] if words else [])
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
        return HostLaunch(library, self.threads, words)

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
