"""Run the cases of the public SBML Test Suite and write the table of passes by tag.

The suite is not part of this project. Get it from https://github.com/sbmlteam/sbml-test-suite (the folder
cases/semantic, or the archive of semantic cases of a release) and give its path:

    python benchmarks/sbml_suite.py path/to/cases/semantic --out docs/sbml-conformance.md

A path may be a folder of case folders or a tar archive of them. A case passes if every number obeys the
suite's own rule, |expected - got| <= absolute + relative * |expected|.
"""

from __future__ import annotations

import argparse
import csv
import io
import math
import re
import tarfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from myeloniche.engine.file_runs import Grid, run_model
from myeloniche.errors import MyelonicheError, UnsupportedError

LEVELS = ("l3v2", "l3v1", "l2v5", "l2v4")
OUTCOMES = ("pass", "wrong", "declined", "error")
# Integration is this much tighter than the comparison, within limits.
TIGHTER = 1e-3
RELATIVE, ABSOLUTE = (1e-11, 1e-7), 1e-10


@dataclass(frozen=True)
class Case:
    """A time course to repeat: the model, what to show, what is expected, and the tags of the suite."""

    name: str
    sbml: str
    settings: Mapping[str, str]
    expected: tuple[tuple[float, ...], ...]
    tags: tuple[str, ...]

    def listed(self, setting: str) -> tuple[str, ...]:
        """Return a setting that is a list of names."""
        return tuple(part.strip() for part in self.settings.get(setting, "").split(",") if part.strip())


@dataclass(frozen=True)
class Verdict:
    """How a case went, and what was said."""

    case: Case
    outcome: str
    message: str = ""


def read_cases(path: Path) -> list[Case]:
    """Return the time-course cases of a folder or tar archive, in the order of their names."""
    files = _files(path)
    tags = _tags_of_index(files)
    names = sorted(
        {name.split("/")[-1][: -len("-settings.txt")] for name in files if name.endswith("-settings.txt")}
    )
    folders = {PurePosixPath(name).name: str(PurePosixPath(name).parent) for name in files}
    cases = []
    for name in names:
        stem = f"{folders[f'{name}-settings.txt']}/{name}"
        sbml = next(
            (files[f"{stem}-sbml-{level}.xml"] for level in LEVELS if f"{stem}-sbml-{level}.xml" in files),
            None,
        )
        if sbml is None or f"{stem}-results.csv" not in files:
            continue
        own = _tags(files.get(f"{stem}-model.m", ""))
        settings = dict(re.findall(r"^(\w+):[ \t]*(.*?)\s*$", files[f"{stem}-settings.txt"], re.MULTILINE))
        if "duration" in settings:
            rows = list(csv.reader(io.StringIO(files[f"{stem}-results.csv"])))[1:]
            expected = tuple(tuple(float(cell) for cell in row) for row in rows if any(row))
            cases.append(Case(name, sbml, settings, expected, own or tags.get(name, ())))
    return cases


def run_case(case: Case) -> Verdict:
    """Repeat a case and compare."""
    absolute, relative = float(case.settings["absolute"]), float(case.settings["relative"])
    rtol = min(RELATIVE[1], max(RELATIVE[0], TIGHTER * relative))
    steps = int(float(case.settings["steps"]))
    start = float(case.settings.get("start") or 0.0)
    grid = Grid(start, float(case.settings["duration"]), steps, rtol, min(ABSOLUTE, TIGHTER * absolute))
    shown = {kind: case.listed(kind) for kind in ("amount", "concentration")}
    try:
        rows = run_model(case.sbml, grid, case.listed("variables"), **shown)[1].tolist()
    except UnsupportedError as error:
        return Verdict(case, "declined", str(error))
    except MyelonicheError as error:
        return Verdict(case, "error", str(error))
    bad = _out_of_bounds(case.expected, rows, absolute, relative)
    return Verdict(case, "wrong" if bad else "pass", f"{bad} numbers out of bounds" if bad else "")


def table(verdicts: Iterable[Verdict]) -> str:
    """Return the page: passes by tag, and what is declined."""
    verdicts = list(verdicts)
    lines = ["# The public SBML Test Suite", "", *_INTRODUCTION, "", _HEAD, _RULE]
    by_tag = {tag: [v for v in verdicts if tag in v.case.tags] for v in verdicts for tag in v.case.tags}
    lines += [_row(tag, by_tag[tag]) for tag in sorted(by_tag)]
    lines += [_row("**all cases**", verdicts), "", "## Declined", ""]
    reasons = Counter(_reason(verdict.message) for verdict in verdicts if verdict.outcome == "declined")
    lines += [f"- {count} cases: {reason}" for reason, count in sorted(reasons.items())]
    return "\n".join([*lines, *_BEYOND]) + "\n"


_INTRODUCTION = (
    "Written by `benchmarks/sbml_suite.py`, never by hand. The suite is not part of this project; get it",
    "from <https://github.com/sbmlteam/sbml-test-suite> and run `pytest -m long --sbml-suite PATH`, or set",
    "`MYELONICHE_SBML_SUITE`. Each case is read from its newest SBML file. *Declined* means refused with the",
    "name of the element (exit code 3); *wrong* means numbers out of the suite's bounds, without an error.",
)
_BEYOND = (
    "",
    "## Beyond the suite",
    "",
    "- Models made of models (the package `comp`) are flattened by libSBML. What lies in another file is",
    "  refused, and no such file is ever opened.",
    "- Any other package that is required is refused, unless no element or attribute of it is used.",
    "- A file may have 64 million characters, 150,000 elements of SBML, 500,000 of MathML, 1,000 inside each",
    "  other and 10,000 operands of one operation; submodels may add up to 5,000, at most 20 deep.",
    "- `pytest -m long --sbml-bench PATH`, or `MYELONICHE_SBML_BENCH`, holds kernels and slow twin against a",
    "  collection of published models with perturbed parameters; its layout stands in",
    "  `tests/conformance/test_sbml_bench.py`.",
)
_HEAD = "| tag | cases | " + " | ".join(OUTCOMES) + " |"
_RULE = "|---|---:|" + "---:|" * len(OUTCOMES)


def _row(tag: str, verdicts: list[Verdict]) -> str:
    counts = Counter(verdict.outcome for verdict in verdicts)
    return f"| {tag} | {len(verdicts)} | " + " | ".join(str(counts[outcome]) for outcome in OUTCOMES) + " |"


def _reason(message: str) -> str:
    kinds = ("algebraic rule", "fast reaction", "'delay'", "package", "has no rate")
    return next((kind for kind in kinds if kind in message), message)


def _out_of_bounds(
    expected: tuple[tuple[float, ...], ...], rows: list[list[float]], absolute: float, relative: float
) -> int:
    if [len(row) for row in rows] != [len(row) for row in expected]:
        return max(len(rows), len(expected))
    pairs = [
        pair
        for known, got in zip(expected, rows, strict=True)
        for pair in zip(known[1:], got[1:], strict=True)
    ]
    return sum(not _close(known, got, absolute, relative) for known, got in pairs)


def _close(known: float, got: float, absolute: float, relative: float) -> bool:
    if math.isfinite(known) and math.isfinite(got):
        return abs(known - got) <= absolute + relative * abs(known)
    return known == got or (math.isnan(known) and math.isnan(got))


def _files(path: Path) -> dict[str, str]:
    """Return the text files of a folder or archive by their path."""
    wanted = re.compile(r"(-settings\.txt|-results\.csv|-model\.m|-sbml-l\dv\d\.xml|index\.tsv)$")
    if path.is_dir():
        found = (file for file in path.rglob("*") if wanted.search(file.name))
        return {file.relative_to(path).as_posix(): file.read_text("utf-8-sig") for file in found}
    with tarfile.open(path) as archive:
        members = [
            member for member in archive.getmembers() if member.isfile() and wanted.search(member.name)
        ]
        texts = {member.name: archive.extractfile(member) for member in members}
        return {name: text.read().decode("utf-8-sig") for name, text in texts.items() if text is not None}


def _tags(model: str) -> tuple[str, ...]:
    lines = re.findall(r"^(?:componentTags|testTags):[ \t]*(.*?)\s*$", model, re.MULTILINE)
    return tuple(tag.strip() for line in lines for tag in line.split(",") if tag.strip())


def _tags_of_index(files: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the tags of cases from an archive that has them in one table instead of one file each."""
    text = next((text for name, text in files.items() if name.endswith("index.tsv")), "")
    rows = csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE)
    return {
        row["case"]: tuple(
            tag for tag in f"{row['componentTags']},{row['testTags']}".split(",") if tag != "-"
        )
        for row in rows
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("suite", type=Path)
    parser.add_argument("--out", type=Path, help="write the page here")
    arguments = parser.parse_args()
    verdicts = []
    for case in read_cases(arguments.suite):
        verdicts.append(run_case(case))
        if verdicts[-1].outcome in ("wrong", "error"):
            print(case.name, verdicts[-1].outcome, verdicts[-1].message, flush=True)
    if arguments.out:
        arguments.out.write_text(table(verdicts), "utf-8")
    print(Counter(verdict.outcome for verdict in verdicts))


if __name__ == "__main__":
    main()
