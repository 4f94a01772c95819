"""Reading drug files: the shipped ones and the user's own, with every problem at its line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, get_args

from myeloniche.errors import MyelonicheError, TableError, UnknownNameError, raise_all
from myeloniche.niche.attachment import Attachment
from myeloniche.pharmacology.drug import Drug
from myeloniche.pharmacology.names import folded
from myeloniche.yaml_file import YamlFile, parse_yaml, unknown_key

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import ErrorDetails

__all__ = ["attach", "drug_text", "find_drug", "is_drug_file", "load_drugs", "read_drug"]


def load_drugs(extra_paths: Iterable[str | Path] = ()) -> Mapping[str, Drug]:
    """Return the shipped drugs and those of further files, by name and by synonym.

    Parameters
    ----------
    extra_paths
        The user's own drug files.

    Raises
    ------
    MyelonicheError
        With every problem of every file, each with its line.
    """
    problems: list[MyelonicheError] = []
    drugs: dict[str, Drug] = {}
    shipped = files("myeloniche.pharmacology").joinpath("drugs")
    for entry in sorted(shipped.iterdir(), key=lambda file: file.name):
        if is_drug_file(entry.name):
            _gather(drugs, problems, entry.name, entry.read_text("utf-8"))
    for path in dict.fromkeys(str(path) for path in extra_paths):
        try:
            _gather(drugs, problems, path, _text(Path(path)))
        except MyelonicheError as error:
            problems.append(error)
    raise_all(problems, title="drug files")
    return MappingProxyType(drugs)


def read_drug(path: str | Path) -> Drug:
    """Read one drug file.

    Raises
    ------
    MyelonicheError
        With every problem of the file, each with its line.
    """
    return drug_text(_text(Path(path)), name=str(path))


def drug_text(text: str, *, name: str) -> Drug:
    """Read a drug from the text of its file; `name` is the file's name in errors.

    Raises
    ------
    MyelonicheError
        With every problem of the text, each with its line.
    """
    from pydantic import ValidationError

    file = parse_yaml(text, name)
    if not isinstance(file.data, dict):
        raise TableError(f"{name}: got no keys, expected a drug. Begin with 'name: ...'.")
    try:
        return Drug.model_validate({**file.data, "where": name})
    except ValidationError as error:
        raise_all([_problem(file, detail) for detail in error.errors()], title=name)
        raise


def find_drug(name: str, drugs: Mapping[str, Drug], *, where: str = "") -> Drug:
    """Return a drug by name or synonym, whatever the case, hyphens and Greek letters.

    Raises
    ------
    UnknownNameError
        With the nearest names, if there is no such drug.
    """
    if name in drugs:
        return drugs[name]
    by_folded = {folded(known): drug for known, drug in drugs.items()}
    if folded(name) in by_folded:
        return by_folded[folded(name)]
    raise UnknownNameError("drug", name, drugs, where=where)


def is_drug_file(name: str) -> bool:
    """Return whether a drug is named by the path of its file."""
    return name.endswith((".yaml", ".yml"))


def attach(drugs: Iterable[Drug]) -> tuple[Attachment, ...]:
    """Return what the drugs add to the niche; a drug that comes under several names counts once."""
    by_name = {drug.name: drug for drug in drugs}
    return tuple(by_name[name].attachment() for name in sorted(by_name))


def _gather(drugs: dict[str, Drug], problems: list[MyelonicheError], name: str, text: str) -> None:
    """Add a drug under all its names, or its problems to the list."""
    try:
        drug = drug_text(text, name=name)
    except MyelonicheError as error:
        problems.append(error)
        return
    for known in (drug.name, *drug.synonyms):
        taken = drugs.get(known)
        if taken is not None and taken is not drug:
            problems.append(
                TableError(f"{name}: {known!r} belongs to {taken.name} ({taken.where}). Choose another name.")
            )
            return
    drugs.update(dict.fromkeys((drug.name, *drug.synonyms), drug))


def _text(path: Path) -> str:
    """Return the text of a file."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TableError(f"{path}: cannot be read: {error}. Check the path of the drug file.") from error


def _problem(file: YamlFile, detail: ErrorDetails) -> MyelonicheError:
    """Return a problem that pydantic found as an error of ours, with its line."""
    path = tuple(detail["loc"])
    if detail["type"] == "extra_forbidden":
        return unknown_key(file, path[:-1], path[-1], _keys_at(path[:-1]), _entry_name(path[:-1]))
    what = ".".join(str(part) for part in path if not isinstance(part, int)) or "drug"
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "missing":
        return TableError(f"{file.where(path)}: {what} is missing. Add the key {str(path[-1])!r}.")
    got = "" if detail["type"] == "value_error" else f"got {detail['input']!r}, expected: "
    return TableError(f"{file.where(path)}: {what}: {got}{message}.")


def _entry_name(path: Sequence[str | int]) -> str:
    """Return what a mapping is called in errors."""
    words = [str(part) for part in path if not isinstance(part, int)]
    return f"'{words[-1]}'" if words else "a drug file"


def _keys_at(path: Sequence[str | int]) -> list[str]:
    """Return the keys that a mapping of a drug file may have."""
    entry: type[BaseModel] = Drug
    for part in path:
        if isinstance(part, str):
            entry = _entry_type(entry.model_fields[part].annotation)
    return [field.alias or name for name, field in entry.model_fields.items() if name != "where"]


def _entry_type(annotation: Any) -> type[BaseModel]:
    """Return the entry class inside ``tuple[Entry, ...]`` or ``Entry | None``."""
    from pydantic import BaseModel

    choices = (annotation, *get_args(annotation))
    return next(choice for choice in choices if isinstance(choice, type) and issubclass(choice, BaseModel))
