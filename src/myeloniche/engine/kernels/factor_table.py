"""The factorisation as a loop over tables, for matrices whose straight-line code would take long to compile.

It runs about half as fast as straight-line code, and compiles in no time however full the matrix is.
"""

from __future__ import annotations

from collections.abc import Sequence

from myeloniche.engine.kernels.ir_writer import IrWriter
from myeloniche.engine.kernels.layout import Layout
from myeloniche.engine.kernels.ordering import FactorEntry, Factorisation

__all__ = ["factor_table_text"]

_UPPER, _DIAGONAL, _LOWER = range(3)
_ENTRY_TABLES = ("slot", "source", "pivot", "kind", "first")


def factor_table_text(plan: Factorisation, layout: Layout, gamma: float) -> str:
    """Return IR of ``factor(workspace)``, which does what :func:`linear_printer.factor_text` prints.

    Products are summed in two chains, as one chain would wait for each of its sums.
    """
    tables = _Tables(plan, layout)
    writer = IrWriter(layout.lanes)
    base = writer.pointer(layout["factor"])
    scaled = writer.mul(writer.splat(gamma), writer.load(layout["step"]))
    shift = writer.div(writer.splat(1.0), scaled)
    body = "\n".join(writer.lines)
    loop = _loop_text(writer, base, shift, len(plan.entries))
    return f"{tables.text()}\ndefine void @factor(ptr noalias %w) nounwind {{\nentry:\n{body}\n{loop}\n}}"


class _Tables:
    """Byte offsets from the first factor, entry by entry and pair of products by pair."""

    def __init__(self, plan: Factorisation, layout: Layout) -> None:
        self.width = 8 * layout.lanes
        self.zero = layout["zero"] - layout["factor"]  # a slot that is always 0
        self.columns: dict[str, list[int]] = {name: [] for name in _ENTRY_TABLES}
        self.terms: list[int] = []
        for entry in plan.entries:
            self._add(entry)
        self.columns["first"].append(len(self.terms) // 4)

    def text(self) -> str:
        """Return the tables as constants."""
        parts = [_constant(f"factor_table_{name}", values) for name, values in self.columns.items()]
        return "\n".join([*parts, _constant("factor_table_terms", self.terms or [0])])

    def _add(self, entry: FactorEntry) -> None:
        columns = self.columns
        columns["first"].append(len(self.terms) // 4)
        columns["slot"].append(self._offset(entry.slot))
        columns["source"].append(self._offset(entry.source if entry.source >= 0 else self.zero))
        columns["pivot"].append(self._offset(entry.pivot if entry.pivot >= 0 else self.zero))
        columns["kind"].append(_DIAGONAL if entry.on_diagonal else _LOWER if entry.pivot >= 0 else _UPPER)
        for lower, upper in entry.terms:
            self.terms += [self._offset(lower), self._offset(upper)]
        if len(entry.terms) % 2:
            self.terms += [self._offset(self.zero)] * 2

    def _offset(self, slot: int) -> int:
        return slot * self.width


def _constant(name: str, values: Sequence[int]) -> str:
    listed = ", ".join(f"i32 {value}" for value in values)
    return f"@{name} = internal constant [{len(values)} x i32] [{listed}]"


def _loop_text(writer: IrWriter, base: str, shift: str, entries: int) -> str:
    double = writer.double
    align = 8 * writer.lanes
    zero = writer.splat(0.0)

    def at(name: str, table: str, index: str) -> str:
        return f"""  %{name}.p = getelementptr i32, ptr @factor_table_{table}, i64 {index}
  %{name}.i = load i32, ptr %{name}.p, align 4
  %{name} = sext i32 %{name}.i to i64"""

    def value(name: str, offset: str) -> str:
        return f"""  %{name}.a = getelementptr i8, ptr {base}, i64 {offset}
  %{name} = load {double}, ptr %{name}.a, align {align}"""

    def product(total: str, result: str, place: str, shift_by: int) -> str:
        lower, upper = f"{result}.l", f"{result}.u"
        return f"""  %{result}.n = add i64 {place}, {shift_by}
  %{result}.m = add i64 {place}, {shift_by + 1}
{at(f"{lower}o", "terms", f"%{result}.n")}
{at(f"{upper}o", "terms", f"%{result}.m")}
{value(lower, f"%{lower}o")}
{value(upper, f"%{upper}o")}
  %{result}.x = fmul nsz contract {double} %{lower}, %{upper}
  %{result} = fsub nsz contract {double} {total}, %{result}.x"""

    return f"""  br label %entries
entries:
  %e = phi i64 [0, %entry], [%e.next, %stored]
  %e.next = add i64 %e, 1
{at("slot", "slot", "%e")}
{at("source", "source", "%e")}
{at("pivot", "pivot", "%e")}
{at("kind", "kind", "%e")}
{at("first", "first", "%e")}
{at("last", "first", "%e.next")}
{value("start", "%source")}
  %on.diagonal = icmp eq i64 %kind, {_DIAGONAL}
  %shift = select i1 %on.diagonal, {double} {shift}, {double} {zero}
  %shifted = fsub nsz contract {double} %start, %shift
  %any = icmp ult i64 %first, %last
  br i1 %any, label %terms, label %summed
terms:
  %t = phi i64 [%first, %entries], [%t.next, %terms]
  %even = phi {double} [%shifted, %entries], [%even.next, %terms]
  %odd = phi {double} [{zero}, %entries], [%odd.next, %terms]
  %place = mul i64 %t, 4
{product("%even", "even.next", "%place", 0)}
{product("%odd", "odd.next", "%place", 2)}
  %t.next = add i64 %t, 1
  %t.more = icmp ult i64 %t.next, %last
  br i1 %t.more, label %terms, label %joined
joined:
  %both = fadd nsz contract {double} %even.next, %odd.next
  br label %summed
summed:
  %sum = phi {double} [%shifted, %entries], [%both, %joined]
  switch i64 %kind, label %stored [i64 {_DIAGONAL}, label %invert  i64 {_LOWER}, label %divide]
invert:
  %inverse = fdiv nsz contract {double} {writer.splat(1.0)}, %sum
  br label %stored
divide:
{value("pivot.value", "%pivot")}
  %quotient = fmul nsz contract {double} %sum, %pivot.value
  br label %stored
stored:
  %result = phi {double} [%sum, %summed], [%inverse, %invert], [%quotient, %divide]
  %target = getelementptr i8, ptr {base}, i64 %slot
  store {double} %result, ptr %target, align {align}
  %more = icmp ult i64 %e.next, {entries}
  br i1 %more, label %entries, label %done
done:
  ret void"""
