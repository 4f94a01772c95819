"""A writer of LLVM IR text in which every value is a vector with one lane per trajectory.

Text rather than builder objects: printing a large model is then a matter of milliseconds, and what is
compiled can be read.
"""

from __future__ import annotations

import struct

__all__ = ["IrWriter", "double_literal"]

# Results must not depend on how LLVM reorders sums, so neither "reassoc" nor "arcp"; and a NaN must stay
# a NaN, because that is how a failed trajectory is recognised, so neither "nnan" nor "ninf".
_FLAGS = "nsz contract"


def double_literal(value: float) -> str:
    """Return a number as LLVM spells it exactly, by its bits."""
    (bits,) = struct.unpack("<Q", struct.pack("<d", value))
    return f"0x{bits:016X}"


class IrWriter:
    """The body of one function; each method appends an instruction and returns the name of its value.

    Parameters
    ----------
    lanes
        Number of trajectories side by side in one vector.
    """

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.double = f"<{lanes} x double>"
        self.integer = f"<{lanes} x i64>"
        self.boolean = f"<{lanes} x i1>"
        self.lines: list[str] = []
        self._count = 0

    def emit(self, text: str) -> str:
        """Append an instruction that has a value."""
        name = f"%v{self._count}"
        self._count += 1
        self.lines.append(f"  {name} = {text}")
        return name

    def splat(self, value: float) -> str:
        """Return a constant with the same number in every lane."""
        literal = f"double {double_literal(value)}"
        return f"<{', '.join([literal] * self.lanes)}>"

    def splat_integer(self, value: int) -> str:
        """Return an integer constant with the same number in every lane."""
        return f"<{', '.join([f'i64 {value}'] * self.lanes)}>"

    def add(self, left: str, right: str) -> str:
        """Return left + right."""
        return self.emit(f"fadd {_FLAGS} {self.double} {left}, {right}")

    def sub(self, left: str, right: str) -> str:
        """Return left - right."""
        return self.emit(f"fsub {_FLAGS} {self.double} {left}, {right}")

    def mul(self, left: str, right: str) -> str:
        """Return left * right."""
        return self.emit(f"fmul {_FLAGS} {self.double} {left}, {right}")

    def div(self, left: str, right: str) -> str:
        """Return left / right."""
        return self.emit(f"fdiv {_FLAGS} {self.double} {left}, {right}")

    def neg(self, value: str) -> str:
        """Return -value."""
        return self.emit(f"fneg {_FLAGS} {self.double} {value}")

    def exact(self, operation: str, left: str, right: str) -> str:
        """Return a sum, difference or product that is rounded by itself, never fused with another."""
        return self.emit(f"{operation} {self.double} {left}, {right}")

    def fma(self, left: str, right: str, addend: str) -> str:
        """Return left * right + addend, rounded once."""
        return self.intrinsic("fma", left, right, addend)

    def intrinsic(self, name: str, *arguments: str) -> str:
        """Return the value of an LLVM intrinsic, for example ``floor``."""
        listed = ", ".join(f"{self.double} {argument}" for argument in arguments)
        return self.emit(f"call {self.double} @llvm.{name}.v{self.lanes}f64({listed})")

    def call(self, name: str, *arguments: str) -> str:
        """Return the value of a function of this module on vectors."""
        listed = ", ".join(f"{self.double} {argument}" for argument in arguments)
        return self.emit(f"call {self.double} @{name}({listed})")

    def compare(self, predicate: str, left: str, right: str) -> str:
        """Return a comparison of floating-point vectors, one bit a lane."""
        return self.emit(f"fcmp {predicate} {self.double} {left}, {right}")

    def logic(self, operation: str, left: str, right: str) -> str:
        """Return ``and``, ``or`` or ``xor`` of two comparisons."""
        return self.emit(f"{operation} {self.boolean} {left}, {right}")

    def invert(self, condition: str) -> str:
        """Return the negation of a comparison."""
        return self.logic("xor", condition, f"<{', '.join(['i1 true'] * self.lanes)}>")

    def select(self, condition: str, then: str, otherwise: str) -> str:
        """Return the lanes of one vector where a condition holds and of another elsewhere."""
        return self.emit(
            f"select {self.boolean} {condition}, {self.double} {then}, {self.double} {otherwise}"
        )

    def to_bits(self, value: str) -> str:
        """Return doubles seen as 64-bit integers."""
        return self.emit(f"bitcast {self.double} {value} to {self.integer}")

    def from_bits(self, value: str) -> str:
        """Return 64-bit integers seen as doubles."""
        return self.emit(f"bitcast {self.integer} {value} to {self.double}")

    def integer_op(self, operation: str, left: str, right: str) -> str:
        """Return an operation on integer vectors, for example ``add`` or ``lshr``."""
        return self.emit(f"{operation} {self.integer} {left}, {right}")

    def pointer(self, slot: int, base: str = "%w") -> str:
        """Return the address of the vector with a given number behind a base pointer."""
        if slot == 0:
            return base
        return self.emit(f"getelementptr i8, ptr {base}, i64 {slot * 8 * self.lanes}")

    def load(self, slot: int, base: str = "%w") -> str:
        """Return the vector with a given number behind a base pointer."""
        address = self.pointer(slot, base)
        return self.emit(f"load {self.double}, ptr {address}, align {8 * self.lanes}")

    def store(self, value: str, slot: int, base: str = "%w") -> None:
        """Write the vector with a given number behind a base pointer."""
        address = self.pointer(slot, base)
        self.lines.append(f"  store {self.double} {value}, ptr {address}, align {8 * self.lanes}")

    def raw(self, text: str) -> None:
        """Append an instruction without a value, or a label."""
        self.lines.append(text)
