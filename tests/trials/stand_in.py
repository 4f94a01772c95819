"""A trial without biology: every patient is a pure function of the seed and their number."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from myeloniche.errors import UnknownNameError

MARKERS = ("ATF3", "ATF4", "XBP1", "KLF9", "NAMPT", "CDK5", "PSMB5")
CYCLE_DAYS, CYCLES = 21.0, 20


class Results(NamedTuple):
    patients: pa.Table
    visits: pa.Table


@dataclass(frozen=True)
class StandInAllocation:
    """How patients come to arms."""

    stratify: tuple[str, ...] = ()


@dataclass(frozen=True)
class StandIn:
    """What the runner asks of a trial."""

    title: str = "Stand-in"
    size: int = 60
    seed: int = 7
    content: str = "title: Stand-in\n"
    endpoints: tuple[str, ...] = ("PFS", "response")
    interim_days: tuple[float, ...] = (90.0,)
    allocation: StandInAllocation = StandInAllocation()


def simulate(trial: StandIn, first: int, stop: int, *, workers: int | None = None) -> Results:  # noqa: ARG001
    """Draw patients whose survival depends on arm, ATF3 and ATF4."""
    drawn = [_patient(trial.seed, patient) for patient in range(first, stop)]
    rows = [row for row, _ in drawn]
    visits = [visit for _, more in drawn for visit in more]
    return Results(pa.Table.from_pylist(rows, schema=PATIENTS), pa.Table.from_pylist(visits, schema=VISITS))


PATIENTS = pa.schema(
    [
        ("patient", pa.int64()),
        ("arm", pa.string()),
        ("status", pa.string()),
        *((name, pa.float64()) for name in MARKERS),
        ("best_response", pa.string()),
        *((f"{name}_{what}", kind) for name in ("pfs", "ttp", "dor")
          for what, kind in (("days", pa.float64()), ("event", pa.bool_()))),
        ("neuropathy_grade", pa.int64()),
        ("neuropathy_day", pa.float64()),
        ("dose_intensity", pa.float64()),
        ("relapse_cause", pa.string()),
    ]
)  # fmt: skip
VISITS = pa.schema(
    [
        ("patient", pa.int64()),
        ("cycle", pa.int64()),
        *((name, pa.float64()) for name in ("day", "m_protein_g_L", "flc_mg_L", "ctx", "p1np",
                                            "bone_density", "marrow_burden")),
        ("neuropathy_grade", pa.int64()),
        ("dose_mg_m2", pa.float64()),
    ]
)  # fmt: skip


def _patient(seed: int, patient: int) -> tuple[dict, list[dict]]:
    rng = np.random.default_rng([seed, patient])
    arm = ("bortezomib", "bortezomib + dexamethasone")[patient % 2]
    markers = dict(zip(MARKERS, rng.lognormal(0, 0.6, len(MARKERS)).tolist(), strict=True))
    sensitive = markers["ATF3"] * markers["ATF4"]
    scale = 200.0 * (1.5 if patient % 2 else 1.0) * sensitive**0.7
    days = float(min(rng.weibull(1.3) * scale, CYCLES * CYCLE_DAYS))
    event = days < CYCLES * CYCLE_DAYS
    depth = float(np.clip(rng.normal(0.35 + 0.25 * np.log(sensitive), 0.4), -0.3, 1.0))
    best = (
        "CR"
        if depth > 0.98
        else "VGPR"
        if depth > 0.9
        else "PR"
        if depth > 0.5
        else "MR"
        if depth > 0.25
        else "SD"
        if depth > 0
        else "PD"
    )
    grade = int(rng.integers(0, 4))
    responder = best in ("CR", "VGPR", "PR")
    row = {
        "patient": patient, "arm": arm, "status": "ok", **markers, "best_response": best,
        "pfs_days": days, "pfs_event": event, "ttp_days": days, "ttp_event": event and patient % 5 != 0,
        "dor_days": max(days - 40, 1.0) if responder else None, "dor_event": event if responder else None,
        "neuropathy_grade": grade, "neuropathy_day": 60.0 + patient % 30 if grade else None,
        "dose_intensity": float(rng.uniform(0.6, 1.0)),
        "relapse_cause": ("PSMB5 up", "resistant clone", "stroma")[patient % 3] if event else None,
    }  # fmt: skip
    start = float(rng.uniform(20, 60))
    visits = []
    for cycle in range(int(days // CYCLE_DAYS) + 1):
        fall = 1 - depth * (1 - np.exp(-cycle / 2)) + 0.03 * max(0, cycle - 6)
        visits.append({
            "patient": patient, "cycle": cycle, "day": cycle * CYCLE_DAYS, "m_protein_g_L": start * fall,
            "flc_mg_L": 300 * fall, "ctx": 0.5, "p1np": 40.0, "bone_density": 0.2,
            "marrow_burden": 0.4 * fall, "neuropathy_grade": min(grade, cycle // 2), "dose_mg_m2": 1.3,
        })  # fmt: skip
    return row, visits


def slow(trial: StandIn, first: int, stop: int, *, workers: int | None = None) -> Results:
    """Take a fifth of a second a part."""
    time.sleep(0.2)
    return simulate(trial, first, stop, workers=workers)


@dataclass(frozen=True)
class DiesOnce:
    """Kills its own process at one patient, the first time that patient comes."""

    flag: Path
    at: int

    def __call__(self, trial: StandIn, first: int, stop: int, *, workers: int | None = None) -> Results:
        if first <= self.at < stop and not self.flag.exists():
            self.flag.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return simulate(trial, first, stop, workers=workers)


@dataclass(frozen=True)
class AlwaysDies:
    """Kills its own process whenever one patient comes."""

    at: int

    def __call__(self, trial: StandIn, first: int, stop: int, *, workers: int | None = None) -> Results:
        if first <= self.at < stop:
            os.kill(os.getpid(), signal.SIGKILL)
        return simulate(trial, first, stop, workers=workers)


@dataclass(frozen=True)
class Interrupted:
    """Raises when one patient comes, as control-C does."""

    at: int

    def __call__(self, trial: StandIn, first: int, stop: int, *, workers: int | None = None) -> Results:
        if first <= self.at < stop:
            raise KeyboardInterrupt
        return simulate(trial, first, stop, workers=workers)


@dataclass(frozen=True)
class Refuses:
    """Raises an error that cannot be pickled as it is, at one patient."""

    at: int

    def __call__(self, trial: StandIn, first: int, stop: int, *, workers: int | None = None) -> Results:
        if first <= self.at < stop:
            raise UnknownNameError("drug", "bortezomb", ["bortezomib"])
        return simulate(trial, first, stop, workers=workers)
