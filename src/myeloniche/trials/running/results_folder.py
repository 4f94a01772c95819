"""A folder of a trial's results, read: patients as a whole, visits a part at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from myeloniche.errors import MyelonicheError
from myeloniche.trials.analysis.cohort import Floats, words
from myeloniche.trials.analysis.marker import MARKER_COLUMNS, best_changes
from myeloniche.trials.extras import parquet
from myeloniche.trials.patients.population import rejections
from myeloniche.trials.protocol.design import ARMS
from myeloniche.trials.running.manifest import Manifest, read_manifest
from myeloniche.trials.running.parts import Parts, Slices

if TYPE_CHECKING:
    import pyarrow

__all__ = ["TrialResults", "read_results"]


@dataclass(frozen=True)
class TrialResults:
    """The results of a trial.

    Attributes
    ----------
    folder
        Where they are.
    manifest
        What they are of.
    patients
        A row per patient.
    rejected
        Reasons for which drawn patients were drawn again, with how often; the most frequent first.
    """

    folder: Path
    manifest: Manifest
    patients: pyarrow.Table
    rejected: dict[str, int]

    @property
    def title(self) -> str:
        """What the trial is."""
        return str(self.manifest.notes["title"])

    def failed(self) -> dict[str, int]:
        """Return how many patients failed, by how."""
        return dict(Counter(status for status in words(self.patients, "status").tolist() if status != "ok"))

    def visits_of(self, patients: Sequence[int]) -> pyarrow.Table:
        """Return the visits of some patients."""
        chosen = sorted(patients)
        parts = sorted({patient // self._parts.slices.chunk for patient in chosen})
        import pyarrow

        tables = [
            parquet().read_table(self._parts.path("visits", part), filters=[("patient", "in", chosen)])
            for part in parts
        ]
        return pyarrow.concat_tables(table.replace_schema_metadata(None) for table in tables)

    def visits(self, columns: Sequence[str] | None = None) -> Iterator[pyarrow.Table]:
        """Yield the visits a part at a time."""
        for part in range(len(self._parts.slices)):
            path = self._parts.path("visits", part)
            yield parquet().read_table(path, columns=None if columns is None else list(columns))

    def best_changes(self) -> Floats:
        """Return the largest fall of each patient's tumour marker; see the function of this name."""
        found = []
        for part, visits in enumerate(self.visits(MARKER_COLUMNS)):
            first, stop = self._parts.slices[part]
            found.append(best_changes(self.patients.slice(first, stop - first), visits))
        return np.concatenate(found)

    @property
    def _parts(self) -> Parts:
        return Parts(self.folder, Slices(self.manifest.size, self.manifest.chunk))


def read_results(folder: str | Path) -> TrialResults:
    """Read the results of a trial that is complete.

    Raises
    ------
    MyelonicheError
        If the folder holds none, they are not complete, or a part is not what was written.
    """
    import pyarrow

    folder = Path(folder)
    manifest = read_manifest(folder)
    parts = Parts(folder, Slices(manifest.size, manifest.chunk))
    done, damaged = parts.check()
    if len(done) < len(parts.slices):
        what = "; ".join([f"{len(done)} of {len(parts.slices)} parts are done", *damaged])
        raise MyelonicheError(f"{folder}: {what}. Run the trial again to go on.")
    tables = [parquet().read_table(parts.path("patients", part)) for part in sorted(done)]
    listed = (tables[0].schema.metadata or {}).get(ARMS)
    whole = pyarrow.concat_tables(table.replace_schema_metadata(None) for table in tables)
    if listed:
        whole = whole.replace_schema_metadata({ARMS: listed})
    return TrialResults(folder, manifest, whole, rejections(*tables))
