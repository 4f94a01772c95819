"""A folder of Parquet parts, each of them there as a whole and unchanged, or not at all.

::

    patients.parquet/patients-000000.parquet    a row per patient of one part
    visits.parquet/visits-000000.parquet        a row per visit of the same patients
    parts.sha256                                a hash per file; `sha256sum -c parts.sha256` checks them

A part is done when both of its files are named in ``parts.sha256``, where a line is written after the file
has its final name. What is there but not named there was being written when the run was stopped.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from myeloniche.errors import MyelonicheError
from myeloniche.trials.extras import parquet

if TYPE_CHECKING:
    import pyarrow

__all__ = ["KINDS", "PartBytes", "Parts", "Slices", "encoded", "only_run", "write_whole"]

KINDS = ("patients", "visits")
_LEDGER = "parts.sha256"
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Slices:
    """How the patients 0 to ``size`` are divided into parts of ``chunk``."""

    size: int
    chunk: int

    def __len__(self) -> int:
        return (self.size + self.chunk - 1) // self.chunk

    def __getitem__(self, part: int) -> tuple[int, int]:
        """Return the first patient of a part, and the one after its last."""
        return part * self.chunk, min(self.size, (part + 1) * self.chunk)

    def patients(self, part: int) -> int:
        """Return how many patients a part has."""
        first, stop = self[part]
        return stop - first


@dataclass(frozen=True)
class PartBytes:
    """The two files of a part, ready to be written, and the versions and hashes it was simulated with."""

    patients: bytes
    visits: bytes
    made_with: Mapping[str, str] = field(default_factory=dict)


def encoded(table: pyarrow.Table) -> bytes:
    """Return a table as the bytes of a Parquet file; the same table gives the same bytes."""
    buffer = io.BytesIO()
    parquet().write_table(table.combine_chunks(), buffer, compression="zstd", write_page_checksum=True)
    return buffer.getvalue()


class Parts:
    """The parts of one folder.

    Parameters
    ----------
    folder
        Of the results; made if needed.
    slices
        Which patients belong to which part.
    """

    def __init__(self, folder: Path, slices: Slices) -> None:
        self.folder = folder
        self.slices = slices

    def path(self, kind: str, part: int) -> Path:
        """Return where a file of a part is."""
        return self.folder / _name(kind, part)

    def check(self) -> tuple[set[int], list[str]]:
        """Return the parts that are done, and a sentence for each file that is not what was written."""
        written = self._ledger()
        done, damaged = set(), []
        for part in range(len(self.slices)):
            names = [_name(kind, part) for kind in KINDS]
            if not all(name in written for name in names):
                continue
            faults = [(name, _fault(self.folder / name, written[name])) for name in names]
            wrong = [f"{name} {why}" for name, why in faults if why]
            damaged += wrong
            if not wrong:
                done.add(part)
        return done, damaged

    def write(self, part: int, content: PartBytes) -> None:
        """Write both files of a part, then their names and hashes.

        Raises
        ------
        OSError
            If the disk is full or cannot be written; nothing half written is left.
        """
        lines = []
        for kind, data in zip(KINDS, (content.patients, content.visits), strict=True):
            name = _name(kind, part)
            write_whole(self.folder / name, data)
            lines.append(f"{hashlib.sha256(data).hexdigest()}  {name}\n")
        with (self.folder / _LEDGER).open("ab") as ledger:
            ledger.write("".join(lines).encode())
            ledger.flush()
            os.fsync(ledger.fileno())

    def mend(self) -> None:
        """Leave one whole line per file in the ledger, and no file of a write that was cut off."""
        written = self._ledger()
        lines = "".join(f"{digest}  {name}\n" for name, digest in written.items())
        write_whole(self.folder / _LEDGER, lines.encode())
        for kind in KINDS:
            for left in (self.folder / f"{kind}.parquet").glob(".*.part"):
                left.unlink(missing_ok=True)

    def _ledger(self) -> dict[str, str]:
        """Return the hash of each file; of a file written twice the last one."""
        try:
            text = (self.folder / _LEDGER).read_text("utf-8", errors="replace")
        except FileNotFoundError:
            return {}
        written = {}
        for line in text.splitlines(keepends=True):
            digest, _, name = line.rstrip("\n").partition("  ")
            if line.endswith("\n") and len(digest) == hashlib.sha256().digest_size * 2:
                written[name] = digest
        return written


def _name(kind: str, part: int) -> str:
    return f"{kind}.parquet/{kind}-{part:06d}.parquet"


def _fault(path: Path, digest: str) -> str:
    """Return what is wrong with a file, nothing if it is as it was written."""
    if not path.is_file():
        return "is gone"
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return "" if found.hexdigest() == digest else "is not as it was written"


def write_whole(path: Path, data: bytes) -> None:
    """Write a file under a temporary name, and give it its name when all of it is on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


@contextmanager
def only_run(folder: Path) -> Iterator[None]:
    """Keep a second run out of a folder as long as the first is at work; a killed run keeps nobody out."""
    try:
        import fcntl
    except ImportError:  # pragma: no cover  not on Windows
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise MyelonicheError(
                f"{folder}: another run is at work here. Wait for it, or name another folder."
            ) from error
        except OSError:  # a disk that knows no locks
            pass
        yield
