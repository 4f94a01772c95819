"""The repository stands alone: no file points at a place, a machine or a process that readers do not have."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from house import REPOSITORY

# written in pieces, so that this file is not found itself
FORBIDDEN = {
    "a folder beside the repository": r"\.\./" + "shared",
    "a folder of one machine": r"(?<![\w.])/" + r"(work|home|root|Users)\b",
    "how it was written": r"\b[Ss]" + "ession",
    "a package index of its own": "index" + "-url|trusted" + "-host|artifact" + "ory",
}
FIXTURE_SCOPE = re.compile(r'scope="[a-z]+"')


def committed() -> list[Path]:
    """Return the files that git tracks."""
    git = shutil.which("git")
    if git is None or not (REPOSITORY / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=True).stdout
    paths = (REPOSITORY / name for name in listed.decode("utf-8").split("\0") if name)
    return [path for path in paths if path.is_file()]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_committed_file_points_elsewhere(what) -> None:
    pattern = re.compile(FORBIDDEN[what])
    found = [
        f"{path.relative_to(REPOSITORY)}:{number}: {line.strip()[:80]}"
        for path in committed()
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), start=1)
        if pattern.search(FIXTURE_SCOPE.sub("", line))
    ]
    assert found == []
