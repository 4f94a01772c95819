"""Does a folder of results hold? Its files are what was written, and a sample of patients comes out again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from myeloniche.errors import MyelonicheError
from myeloniche.trials.extras import parquet
from myeloniche.trials.running.manifest import AnyTrial, changed_since, read_manifest, trial_hash
from myeloniche.trials.running.parts import KINDS, Parts, Slices
from myeloniche.trials.running.same_bits import differing_rows
from myeloniche.trials.running.work import Simulate

__all__ = ["Verification", "verify"]


@dataclass(frozen=True)
class Verification:
    """What was looked at and what was found.

    Attributes
    ----------
    patients
        Numbers of the patients that were simulated again.
    parts, complete
        Parts of the trial, and how many are there unchanged.
    problems
        A sentence for each thing that does not hold; none if all does.
    changed
        Versions, model, data or code that are no longer those of the run.
    """

    patients: tuple[int, ...]
    parts: int
    complete: int
    problems: tuple[str, ...]
    changed: str

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def __str__(self) -> str:
        lines = list(self.problems)
        if self.changed:
            lines.append(f"since the run these have changed: {self.changed}")
        verdict = "holds" if self.holds else "does not hold"
        lines.append(
            f"{verdict}: {self.complete} of {self.parts} parts are whole, and {len(self.patients)} patients "
            f"were simulated again"
        )
        return "\n".join(lines)


def verify(
    folder: str | Path, trial: AnyTrial, *, simulate: Simulate, sample: int = 20, seed: int = 0
) -> Verification:
    """Check every file of a folder of results, and simulate some patients again to compare every bit.

    Parameters
    ----------
    folder
        Of the results.
    trial
        The trial they are of.
    simulate
        As in :func:`~myeloniche.trials.running.runner.run_trial`.
    sample
        Patients to simulate again.
    seed
        Of the draw of these.

    Raises
    ------
    MyelonicheError
        If the folder holds no results, or those of another trial.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    asked = {"trial": trial_hash(trial), "seed": trial.seed, "patients": trial.size}
    if any(manifest.decides.get(name) != value for name, value in asked.items()):
        raise MyelonicheError(
            f"{folder}: is of another trial than {trial.title!r}, or a file that the trial names has "
            "changed. Name the trial's file as it was."
        )
    parts = Parts(folder, Slices(manifest.size, manifest.chunk))
    whole, damaged = parts.check()
    problems = list(damaged)
    if len(whole) + _count_parts(damaged) < len(parts.slices):
        problems.append(f"{len(whole)} of {len(parts.slices)} parts are done; run the trial again to go on")
    there = [patient for part in sorted(whole) for patient in range(*parts.slices[part])]
    rng = np.random.default_rng(seed)
    chosen = tuple(sorted(rng.choice(there, min(sample, len(there)), replace=False).tolist()))
    for patient in chosen:
        problems += _differences(parts, trial, simulate, patient)
    return Verification(chosen, len(parts.slices), len(whole), tuple(problems), changed_since(manifest))


def _count_parts(damaged: list[str]) -> int:
    return len({sentence.partition(".parquet ")[0].rpartition("-")[2] for sentence in damaged})


def _differences(parts: Parts, trial: AnyTrial, simulate: Simulate, patient: int) -> list[str]:
    again = simulate(trial, patient, patient + 1, workers=1)
    found = []
    for kind, table in zip(KINDS, (again.patients, again.visits), strict=True):
        path = parts.path(kind, patient // parts.slices.chunk)
        stored = parquet().read_table(path, filters=[("patient", "=", patient)])
        found += [f"{kind} of patient {patient}: {what}" for what in differing_rows(stored, table)]
    return found
