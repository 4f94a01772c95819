"""What a folder of results is of: versions, hashes, seed, command and the trial's own text."""

from __future__ import annotations

import hashlib
import json
import platform
import shlex
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Protocol

from myeloniche.engine.manifest import differences
from myeloniche.errors import MyelonicheError
from myeloniche.trials.running.parts import write_whole

__all__ = [
    "AnyTrial",
    "Manifest",
    "begin_manifest",
    "changed_since",
    "made_with",
    "read_manifest",
    "trial_hash",
]

_FILE = "manifest.json"
_LIBRARIES = ("myeloniche", "numpy", "scipy", "llvmlite", "numba", "pyarrow")
_MODEL = ("niche", "pharmacology")
_SHOWING = ("report", "cli.py", "__main__.py", "__pycache__")  # no number of a patient depends on these
_CODE = ".py"


class AnyTrial(Protocol):
    """What is asked of a trial to run it; all that it says is in its texts."""

    @property
    def title(self) -> str:
        """What it is."""

    @property
    def size(self) -> int:
        """Patients."""

    @property
    def seed(self) -> int:
        """Seed of everything that is random."""

    @property
    def content(self) -> str:
        """Text of its file."""


@dataclass(frozen=True)
class Manifest:
    """What is written in ``manifest.json``.

    Attributes
    ----------
    decides
        What every number depends on: versions, hashes of model, data and code, seed, size, trial.
    chunk
        Patients of a part.
    notes
        The rest: title, command, time, machine, and the texts of the trial and its population.
    """

    decides: Mapping[str, Any]
    chunk: int
    notes: Mapping[str, Any]

    @property
    def size(self) -> int:
        """Patients of the trial."""
        return int(self.decides["patients"])


def trial_hash(trial: AnyTrial) -> str:
    """Return a hash of all that a trial's files say: its own, the population's, and those of drugs."""
    population = getattr(trial, "population", None)
    texts = [trial.content, getattr(population, "content", "")]
    texts += [Path(name).read_text("utf-8") for name in getattr(trial, "drug_files", ())]
    return _hash(text.encode() for text in texts)


def begin_manifest(folder: Path, trial: AnyTrial, chunk: int | None, origin: str | Path = "") -> Manifest:
    """Return the manifest of a folder: a new one, or that of the same trial begun before.

    Parameters
    ----------
    folder
        Of the results; made if needed.
    trial
        What is to be run.
    chunk
        Patients of a part; by default what the folder was begun with, or up to a thousand.
    origin
        File of the trial.

    Raises
    ------
    MyelonicheError
        If the folder holds anything else, or another trial.
    """
    wanted = _decides(trial)
    if not (folder / _FILE).exists():
        _refuse_foreign(folder)
        manifest = Manifest(wanted, chunk or _usual_chunk(trial.size), _notes(trial, origin))
        content = {"decides": wanted, "chunk": manifest.chunk, "notes": manifest.notes}
        write_whole(folder / _FILE, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())
        return manifest
    old = read_manifest(folder)
    if old.decides != wanted:
        raise MyelonicheError(
            f"{folder}: was begun for another trial or version, which differs in "
            f"{differences(old.decides, wanted)}. Name another folder, or delete this one to begin anew."
        )
    if chunk not in (None, old.chunk):
        raise MyelonicheError(
            f"{folder}: was begun with {old.chunk} patients in a part, got {chunk}. Leave the chunk out to "
            "go on, or delete the folder to begin anew."
        )
    return old


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a folder.

    Raises
    ------
    MyelonicheError
        If there is none, or none that can be read.
    """
    path = folder / _FILE
    try:
        content = json.loads(path.read_text("utf-8"))
        return Manifest(content["decides"], int(content["chunk"]), content["notes"])
    except FileNotFoundError:
        raise MyelonicheError(
            f"{folder}: has no {_FILE}, so it is no folder of a trial's results. Check the path."
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise MyelonicheError(
            f"{path}: cannot be read ({error}). Without it nobody knows what the parts are of: delete the "
            "folder and run the trial again."
        ) from error


def changed_since(manifest: Manifest) -> str:
    """Return what of versions, model, data and code is no longer as it was; nothing if all is."""
    now = made_with()
    return differences({name: manifest.decides.get(name) for name in now}, now)


def made_with() -> dict[str, str]:
    """Return what numbers may depend on beside the trial.

    Returns
    -------
    Versions of libraries, and hashes of the package's model, its other data, and its code without what only
    shows results.
    """
    return {name: version(name) for name in _LIBRARIES} | _hashes()


def _hashes() -> dict[str, str]:
    found: dict[str, list[tuple[str, bytes]]] = {"model": [], "data": [], "code": []}
    for name, content in _package_files():
        kind = "code" if name.endswith(_CODE) else "model" if name.startswith(_MODEL) else "data"
        found[kind].append((name, content))
    return {
        kind: _hash(part for name, content in sorted(pairs) for part in (name.encode(), content))
        for kind, pairs in found.items()
    }


def _decides(trial: AnyTrial) -> dict[str, Any]:
    return {
        **made_with(),
        "trial": trial_hash(trial),
        "seed": trial.seed,
        "patients": trial.size,
    }


def _notes(trial: AnyTrial, origin: str | Path) -> dict[str, Any]:
    population = getattr(trial, "population", None)
    return {
        "title": trial.title,
        "command": shlex.join(sys.argv),
        "origin": str(Path(origin).absolute()) if origin else "",
        "begun": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "trial": trial.content,
        "population": getattr(population, "content", ""),
    }


def _usual_chunk(size: int) -> int:
    """Return a chunk that gives many parts, as a part is what a kill can cost, and not too small ones."""
    smallest, largest, parts = 16, 1000, 64
    return min(largest, max(smallest, size // parts))


def _refuse_foreign(folder: Path) -> None:
    if folder.exists() and any(not path.name.startswith(".") for path in folder.iterdir()):
        raise MyelonicheError(
            f"{folder}: is there already and is no folder of a trial's results. Name another one."
        )


def _package_files() -> Iterable[tuple[str, bytes]]:
    def below(place: Traversable, name: str) -> Iterable[tuple[str, bytes]]:
        for entry in place.iterdir():
            inner = f"{name}{entry.name}"
            if entry.name in _SHOWING or entry.name.startswith("."):
                continue
            if entry.is_dir():
                yield from below(entry, f"{inner}/")
            else:
                yield inner, entry.read_bytes()

    return below(files("myeloniche"), "")


def _hash(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()
