"""The data folders become rows and statements that know their file and line."""

from myeloniche.niche.reading.folders import Folders, Instance, read_folders
from myeloniche.niche.reading.fragments import Namespace, Statement

__all__ = ["Folders", "Instance", "Namespace", "Statement", "read_folders"]
