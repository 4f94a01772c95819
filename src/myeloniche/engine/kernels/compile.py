"""From LLVM IR to machine code in this process."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

__all__ = ["CompiledObject", "Machine", "host_machine", "link_object", "object_code"]

_OPTIMISATION = 2


@dataclass(frozen=True)
class Machine:
    """The processor that code is made for.

    Attributes
    ----------
    processor, features
        LLVM's name of the processor, and the instruction sets it has.
    triple
        LLVM's name of the platform.
    compiler
        Versions of llvmlite and LLVM.
    """

    processor: str
    features: str
    triple: str
    compiler: str

    @property
    def lanes(self) -> int:
        """Doubles in the widest vector register."""
        features = self.features.split(",")
        if "+avx512f" in features:
            return 8
        return 4 if "+avx" in features else 2

    def key(self) -> str:
        """Return a hash of everything that decides whether code made elsewhere runs here."""
        content = "\n".join((self.processor, self.features, self.triple, self.compiler))
        return hashlib.sha256(content.encode()).hexdigest()


@dataclass(frozen=True)
class CompiledObject:
    """Machine code that is ready to be called.

    Attributes
    ----------
    addresses
        Address of each exported function.
    keep_alive
        What must exist as long as the code may be called.
    """

    addresses: dict[str, int]
    keep_alive: tuple[Any, ...]


def host_machine() -> Machine:
    """Return the processor this process runs on."""
    import llvmlite
    import llvmlite.binding as llvm

    _initialise(llvm)
    try:
        features = llvm.get_host_cpu_features().flatten()
    except RuntimeError:  # LLVM cannot ask some processors; then only the baseline is safe
        features = ""
    version = ".".join(map(str, llvm.llvm_version_info))
    return Machine(
        llvm.get_host_cpu_name(), features, llvm.get_process_triple(), f"{llvmlite.__version__} {version}"
    )


def object_code(text: str, machine: Machine) -> bytes:
    """Compile a module of IR to an object file.

    Parameters
    ----------
    text
        The module.
    machine
        What to compile for.
    """
    import llvmlite.binding as llvm

    _initialise(llvm)
    module = llvm.parse_assembly(text)
    module.verify()
    return bytes(_target_machine(llvm, machine).emit_object(module))


def link_object(code: bytes, names: Iterable[str], machine: Machine) -> CompiledObject:
    """Load an object file and return the addresses of its functions."""
    import llvmlite.binding as llvm

    _initialise(llvm)
    compiler = llvm.create_lljit_compiler(_target_machine(llvm, machine))
    builder = llvm.JITLibraryBuilder().add_object_img(code).add_current_process()
    names = tuple(names)
    for name in names:
        builder.export_symbol(name)
    tracker = builder.link(compiler, "kernels")
    return CompiledObject({name: int(tracker[name]) for name in names}, (tracker, compiler))


def _initialise(llvm: Any) -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


def _target_machine(llvm: Any, machine: Machine) -> Any:
    target = llvm.Target.from_triple(machine.triple)
    # position-independent code reaches the C library wherever the code is loaded
    relocation = "default" if sys.platform == "win32" else "pic"
    return target.create_target_machine(
        cpu=machine.processor,
        features=machine.features,
        opt=_OPTIMISATION,
        reloc=relocation,
        codemodel="small",
        jit=True,
    )
