"""The two spellings of a name: ``MM.PIM2`` for users, ``MM__PIM2`` as SBML id."""

from __future__ import annotations

__all__ = ["instance_of", "sbml_id", "user_name", "user_text"]


def user_name(identifier: str) -> str:
    """Return the name users see: ``MM__PIM2`` is ``MM.PIM2``; shared ids and user names stay as they are."""
    return identifier.replace("__", ".", 1)


def sbml_id(name: str) -> str:
    """Return the SBML id of a user name; shared names and SBML ids stay as they are."""
    return name.replace(".", "__", 1)


def instance_of(name: str) -> str:
    """Return the instance in a user name or SBML id, empty for a shared one."""
    instance, dot, _ = user_name(name).partition(".")
    return instance if dot else ""


def user_text(text: str) -> str:
    """Return an expression over SBML ids in user names; only the instance prefix holds two underscores."""
    return text.replace("__", ".")
