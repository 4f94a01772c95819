"""The command line: reproduce the science, run an experiment, look things up, check, export."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

import click

from myeloniche.errors import MyelonicheError

if TYPE_CHECKING:
    from rich.console import Console

    from myeloniche.calibration import Round
    from myeloniche.findings.support import Support

__all__ = ["main"]

_Parameters = ParamSpec("_Parameters")
_KINDS = ("cells", "drugs", "species", "readouts", "findings")
_INTERRUPTED = 130  # the exit code of what control-C has stopped
_NEW_FILE = click.Path(dir_okay=False, path_type=Path)
_NEW_PATH = click.Path(path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _refusing(command: Callable[_Parameters, None]) -> Callable[_Parameters, None]:
    """Turn what is wrong with a request into one message and an exit code, without a traceback."""

    @functools.wraps(command)
    def guarded(*args: _Parameters.args, **kwargs: _Parameters.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except MyelonicheError as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(error.exit_code)
        except BrokenPipeError:  # the reader, such as `head`, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            click.echo(f"Error: {place}{error.strerror or error}", err=True)
            sys.exit(MyelonicheError.exit_code)

    return guarded


def _number(name: str, kind: click.ParamType[Any], default: float, what: str) -> Callable[[Any], Any]:
    """Return an option that takes a number and shows its default."""
    return click.option(name, type=kind, default=default, show_default=True, help=what)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="myeloniche")
def main() -> None:
    """An in-silico laboratory of the multiple-myeloma bone niche."""


@main.command()
@click.option("--only", metavar="IDS", help="Findings to score, for example T18,T19; all by default.")
@click.option("--json", "json_path", type=_NEW_FILE, help="Also write the verdicts to this file.")
@click.option(
    "--out", type=_FOLDER, default=Path("myeloniche-report"), show_default=True, help="Folder of the page."
)
@click.option("--workers", type=click.IntRange(min=1), help="Cores to use; all by default.")
@click.option("--sets", type=click.IntRange(min=0), default=0, help="Score this many plausible sets as well.")
@click.option("--sets-file", type=_FILE, help="File of these sets, as 'calibrate' writes it.")
@_refusing
def reproduce(
    only: str | None,
    json_path: Path | None,
    out: Path,
    workers: int | None,
    sets: int,
    sets_file: Path | None,
) -> None:
    """Re-do the published experiments and judge every finding.

    Prints a table with the scoreboard as its last line, and writes OUT/index.html. Without --only the
    quantitative anchors are run as well. With --sets every number gets an interval over plausible parameter
    sets, and every finding the share of sets that agree.
    """
    from myeloniche.findings.anchors.run import run_anchors
    from myeloniche.findings.score import score
    from myeloniche.lab.laboratory import open_laboratory
    from myeloniche.report.anchors import anchors_table
    from myeloniche.report.page import write_page
    from myeloniche.report.sources import page_sources
    from myeloniche.report.support import support_line
    from myeloniche.report.table import findings_table, score_lines

    out.mkdir(parents=True, exist_ok=True)  # a folder that cannot be written is said before the work
    with _progress("simulating") as progress:
        scoreboard = score(_split(only), workers=workers, progress=progress)
    with _progress("anchors") as progress:
        anchors = () if only else run_anchors(workers, progress)
    chosen = _parameter_sets(sets, sets_file) if sets else []
    support = _support(chosen, _split(only), workers) if sets else None
    if json_path is not None:
        shares = {"support": support.share} if support else {}
        _write_json(json_path, scoreboard.as_dict() | shares)
    sources = page_sources(scoreboard, open_laboratory())
    page = write_page(scoreboard, out, sources=sources, anchors=anchors, support=support)
    _console().print(findings_table(scoreboard.results))
    if anchors:
        click.echo("\nQuantitative anchors")
        _console().print(anchors_table(anchors))
    click.echo(f"\nThe report is {page}")
    if support is not None:
        click.echo(support_line(support))
    for line in score_lines(scoreboard):
        click.echo(line)


def _support(
    sets: Sequence[Mapping[str, float]], only: tuple[str, ...] | None, workers: int | None
) -> Support:
    """Score plausible sets on the findings."""
    from myeloniche.findings.support import score_sets

    with _progress("plausible sets") as progress:
        return score_sets(sets, only, workers=workers, progress=progress)


@main.command()
@_number("--sets", click.IntRange(min=5), 500, "Plausible sets to find.")
@_number("--members", click.IntRange(min=4), 200, "Sets per generation of the search.")
@_number("--generations", click.IntRange(min=0), 2, "Generations of the search.")
@_number("--spread", click.FloatRange(0.0, 1.0, min_open=True), 0.04, "Width in each range.")
@_number("--share", click.FloatRange(0.0, 1.0), 0.93, "Share of findings to agree with.")
@_number("--anchors", click.FloatRange(0.0, 1.0), 0.7, "Share of the anchors' numbers to have within.")
@_number("--seed", click.IntRange(min=0), 1, "Seed of all draws.")
@click.option("--without", metavar="IDS", help="Findings to leave out, for example T18,T19, to predict them.")
@click.option("--workers", type=click.IntRange(min=1), help="Cores to use; all by default.")
@click.option("--out", type=_NEW_FILE, required=True, help="File of sets to write.")
@click.option("--report", type=_NEW_FILE, help="Also write a Markdown page about the sets.")
@_refusing
def calibrate(
    without: str | None, workers: int | None, out: Path, report: Path | None, **numbers: float
) -> None:
    """Find parameter sets that agree with findings and anchors, and write them as factors on the tables."""
    from myeloniche.calibration import Demand, Settings, write_sets
    from myeloniche.calibration import calibrate as find_sets
    from myeloniche.calibration.page import ensemble_page
    from myeloniche.findings.catalogue import choose, load_findings

    settings = Settings(
        int(numbers["members"]), int(numbers["generations"]), numbers["spread"], int(numbers["seed"])
    )
    left_out = {finding.id for finding in choose(load_findings(), _split(without))} if without else set()
    with _progress("calibrating") as progress:
        found = find_sets(
            settings,
            Demand(numbers["share"], numbers["anchors"]),
            sets=int(numbers["sets"]),
            only=[finding.id for finding in load_findings() if finding.id not in left_out],
            workers=workers,
            progress=lambda step: _calibrating(progress, step),
        )
    write_sets(out, found.sets)
    if report is not None:
        report.write_text(ensemble_page(found), "utf-8")
    click.echo(f"{out}: {found.sets.provenance['parameter sets']}")


def _calibrating(progress: Callable[[int, int], None], step: Round) -> None:
    progress(step.done, step.total)
    click.echo(f"{step.what}: {step.done} of {step.total}, {step.plausible:.0%} plausible", err=True)


@main.command()
@click.argument("experiment", type=_FILE)
@click.option("--out", type=_FOLDER, help="Folder for pictures and a table of numbers.")
@click.option("--json", "json_path", type=_NEW_FILE, help="Write every number to this file.")
@click.option("--workers", type=click.IntRange(min=1), help="Cores to use; all by default.")
@_refusing
def run(experiment: Path, out: Path | None, json_path: Path | None, workers: int | None) -> None:
    """Run an experiment written in a YAML file and print what it shows."""
    from myeloniche.lab import read_experiments
    from myeloniche.lab import run as run_experiments
    from myeloniche.report.results import result_as_dict, result_table, write_results

    with _progress("simulating") as progress:
        results = run_experiments(read_experiments(experiment), workers=workers, progress=progress)
    for result in results:
        click.echo(f"\n{result.experiment.title}")
        _console().print(result_table(result))
    if out is not None:
        click.echo("\n" + "\n".join(str(path) for path in write_results(results, out)))
    if json_path is not None:
        _write_json(json_path, {"experiments": [result_as_dict(result) for result in results]})


@main.command()
@click.argument("experiment", type=_FILE)
@click.option("--reference", default="", metavar="ARM", help="Arm to compare with; the first by default.")
@click.option("--sets", type=click.IntRange(min=0), default=0, help="Plausible sets for the intervals.")
@click.option("--sets-file", type=_FILE, help="Sets of your own; those of the package by default.")
@click.option("--out", type=_FOLDER, help="Folder for a table of numbers and a figure per readout.")
@click.option("--workers", type=click.IntRange(min=1), help="Cores to use; all by default.")
@_refusing
def compare(
    experiment: Path, reference: str, sets: int, sets_file: Path | None, out: Path | None, workers: int | None
) -> None:
    """Put the arms of an experiment or a study side by side, with intervals over plausible sets."""
    from myeloniche.lab import read_experiments
    from myeloniche.lab.compare import compare as compare_arms
    from myeloniche.report.comparison import comparison_tables, write_comparison

    chosen = _parameter_sets(sets, sets_file) if sets else []
    with _progress("simulating") as progress:
        compared = compare_arms(
            read_experiments(experiment),
            reference=reference,
            parameter_sets=chosen,
            workers=workers,
            progress=progress,
        )
    click.echo(compared.title)
    for table in comparison_tables(compared):
        _console().print(table)
    if compared.failed:
        click.echo(f"{compared.failed} simulated arms failed and have no part in the intervals")
    if out is not None:
        click.echo("\n".join(str(path) for path in write_comparison(compared, out)))


def _parameter_sets(count: int, path: Path | None = None) -> list[dict[str, float]]:
    """Return the first sets of a file, or of the package."""
    from myeloniche.calibration import niche_prior, read_sets, shipped_sets

    sets = read_sets(path) if path is not None else shipped_sets()
    return sets.mappings(niche_prior(), count)


@main.command()
@click.argument("trial", type=_FILE, metavar="FILE.YAML")
@click.option("--out", type=_FOLDER, required=True, help="Folder of the results.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes to use; all cores by default.")
@click.option("--scheduler", metavar="ADDRESS", help="Dask scheduler to work through, for example tcp://...")
@click.option("--local-cluster", is_flag=True, help="Work through a Dask cluster of this machine.")
@click.option(
    "--chunk", type=click.IntRange(min=1), help="Patients of a part, which is what a kill can cost."
)
@_refusing
def trial(
    trial: Path,
    out: Path,
    workers: int | None,
    scheduler: str | None,
    local_cluster: bool,
    chunk: int | None,
) -> None:
    """Run a clinical trial written in a YAML file, and write its tables and figures.

    After an interruption, whatever it was, the same command goes on where it was.
    """
    from myeloniche.report.trial import write_trial
    from myeloniche.trials.analysis.cohort import ENDPOINTS
    from myeloniche.trials.clinic.simulate import simulate_patients
    from myeloniche.trials.extras import statistics
    from myeloniche.trials.protocol.trial import read_trial
    from myeloniche.trials.running.results_folder import read_results
    from myeloniche.trials.running.runner import LOCAL_CLUSTER, Watcher, run_trial

    if scheduler and local_cluster:
        raise click.UsageError("--scheduler and --local-cluster cannot be used together; choose one")
    statistics("statsmodels")  # what is not installed is said before the work
    design = read_trial(trial)
    try:
        with _progress("patients") as progress:
            run_trial(
                design,
                out,
                simulate=simulate_patients,
                workers=workers,
                scheduler=LOCAL_CLUSTER if local_cluster else scheduler,
                chunk=chunk,
                watcher=Watcher(progress, functools.partial(click.echo, err=True)),
                origin=trial,
            )
    except KeyboardInterrupt:
        click.echo(f"\nstopped; what is done is kept in {out}, and the same command goes on", err=True)
        sys.exit(_INTERRUPTED)
    with _progress("analysing"):
        report = write_trial(
            read_results(out),
            endpoints=[name.lower() for name in design.endpoints if name.lower() in ENDPOINTS],
            interim_days=design.interim_days,
            stratify=design.allocation.stratify,
        )
    for table in report.tables:
        _console().print(table)
    click.echo("\n" + "\n".join(report.remarks))
    click.echo("\n" + "\n".join(str(path) for path in report.paths))


@main.command()
@click.argument("folder", type=_FOLDER, metavar="DIR")
@click.option(
    "--sample", type=click.IntRange(min=0), default=20, show_default=True, help="Patients to repeat."
)
@click.option("--trial", "trial_file", type=_FILE, help="The trial's file, if it has been moved.")
@_number("--seed", click.IntRange(min=0), 0, "Seed of the draw of these patients.")
@_refusing
def verify(folder: Path, sample: int, trial_file: Path | None, seed: int) -> None:
    """Check the files of a trial's results, and simulate some patients again to compare every bit.

    Leaves with exit code 1 if anything does not hold.
    """
    from myeloniche.trials.clinic.simulate import simulate_patients
    from myeloniche.trials.protocol.trial import read_trial, trial_from
    from myeloniche.trials.running.manifest import read_manifest
    from myeloniche.trials.running.verify import verify as verify_results

    notes = read_manifest(folder).notes
    origin = Path(notes["origin"])
    if trial_file is not None:
        known = read_trial(trial_file)
    else:
        known = trial_from(notes["trial"], name=origin.name, folder=origin.parent)
    with _progress("verifying"):
        found = verify_results(folder, known, simulate=simulate_patients, sample=sample, seed=seed)
    click.echo(str(found))
    sys.exit(0 if found.holds else 1)


_tolerance = functools.partial(click.option, type=click.FloatRange(min=0.0, min_open=True), show_default=True)


@main.command()
@click.argument("model", type=_FILE, metavar="MODEL.XML")
@click.option("--start", type=float, default=0.0, show_default=True, help="First output time.")
@click.option("--duration", type=click.FloatRange(min=0.0), required=True, help="Time to the last output.")
@click.option("--steps", type=click.IntRange(min=1), required=True, help="Intervals between outputs.")
@click.option("--variables", required=True, metavar="IDS", help="What to write, for example a,b.")
@click.option("--amount", default="", metavar="IDS", help="Species to write as amounts.")
@click.option("--concentration", default="", metavar="IDS", help="Species to write as concentrations.")
@_tolerance("--abs", "atol", default=1e-9, help="Absolute tolerance of every step.")
@_tolerance("--rel", "rtol", default=1e-6, help="Relative tolerance of every step.")
@click.option("--out", type=_NEW_FILE, required=True, help="CSV file to write.")
@_refusing
def simulate(
    model: Path, variables: str, amount: str, concentration: str, out: Path, **numbers: float
) -> None:
    """Run any SBML model and write its time course.

    Leaves with exit code 3 if the model holds what is not honoured, and names it.
    """
    from myeloniche.engine.file_runs import Grid, run_model, write_table

    with _progress("integrating"):
        header, rows = run_model(
            model,
            Grid(**numbers),  # type: ignore[arg-type]
            _split(variables) or (),
            amount=_split(amount) or (),
            concentration=_split(concentration) or (),
        )
    write_table(out, header, rows)


@main.command()
@click.argument("model", type=_FILE, metavar="MODEL.XML")
@click.option("--parameters", type=_FILE, required=True, help="CSV file: a header of ids, a row per member.")
@click.option("--states", required=True, metavar="IDS", help="What to write, for example a,b.")
@click.option("--start", type=float, default=0.0, show_default=True, help="First output time.")
@click.option("--t-end", type=float, required=True, help="Last output time.")
@click.option("--points", type=click.IntRange(min=2), required=True, help="Output times.")
@_tolerance("--abs", "atol", default=1e-9, help="Absolute tolerance of every step.")
@_tolerance("--rel", "rtol", default=1e-6, help="Relative tolerance of every step.")
@click.option("--out", type=_NEW_PATH, required=True, help="CSV file, or Zarr store if it ends in .zarr.")
@_refusing
def ensemble(
    model: Path,
    parameters: Path,
    states: str,
    start: float,
    t_end: float,
    points: int,
    atol: float,
    rtol: float,
    out: Path,
) -> None:
    """Run any SBML model for many sets of parameters and write all time courses.

    A Zarr store is written while the members run and takes little memory for any number of them; after an
    interruption the same command goes on where it was. A member that cannot be integrated is written as NaN.
    Leaves with exit code 3 if the model holds what is not honoured, and names it.
    """
    from myeloniche.engine.file_runs import (
        Grid,
        read_parameter_table,
        run_ensemble,
        store_ensemble,
        write_table,
    )

    grid = Grid(start, t_end - start, points - 1, rtol, atol)
    columns, names = read_parameter_table(parameters), _split(states) or ()
    if out.suffix == ".zarr":
        with _progress("integrating") as progress:
            members, failed = store_ensemble(model, columns, names, grid, out, progress)
        click.echo(f"{out}: {members} members, {failed} failed")
        return
    with _progress("integrating") as progress:
        header, rows = run_ensemble(model, columns, names, grid, progress)
    with _progress("writing") as progress:
        write_table(out, header, rows, whole=1, progress=progress)


@main.command("list")
@click.argument("kind", type=click.Choice(_KINDS))
@_refusing
def list_names(kind: str) -> None:
    """List what is known: cells, drugs, species, readouts or findings."""
    from myeloniche.report.lists import name_table

    _console().print(name_table(kind))


@main.command()
@click.argument("name")
@click.option("--on", metavar="READOUT", help="Show the path by which the drug NAME moves this readout.")
@click.option("--dose", help="Dose of the drug, for example '3 uM'.")
@click.option("--cells", default="RPMI8226", show_default=True, help="Cell row, or two for a coculture: A,B.")
@click.option("--after", default="24 h", show_default=True, help="How long the drug is there.")
@click.option("--in", "in_", default="", metavar="CELLS", help="Cell type that is read in a coculture.")
@_refusing
def explain(name: str, on: str | None, dose: str | None, cells: str, after: str, in_: str) -> None:
    """Tell what makes, changes and removes the species NAME, with every number and its source.

    With --on and --dose: how the drug NAME moves a readout, step by step, with the evidence of each.
    """
    if on is not None:
        from myeloniche.lab.effect import trace_effect

        if dose is None:
            raise click.UsageError("--on needs --dose, for example --dose '3 uM'")
        effect = trace_effect(name, dose, on, cells=_split(cells) or (), after=after, in_=in_)
        click.echo(str(effect))
        return
    from myeloniche.lab.laboratory import open_laboratory
    from myeloniche.niche.explain import explain as explain_in

    click.echo(str(explain_in(open_laboratory().niche, name)))


@main.command()
@click.argument("path", metavar="MODEL.XML", type=_NEW_FILE)
@click.option("--cell", help="Set the parameters of this cell row, for example RPMI8226.")
@_refusing
def export(path: Path, cell: str | None) -> None:
    """Write the model, drugs included, as SBML Level 3 Version 2."""
    from myeloniche.lab.laboratory import open_laboratory
    from myeloniche.niche.export import write_sbml

    click.echo(f"wrote {write_sbml(open_laboratory().niche, path, cell)}")


@main.command()
@_refusing
def check() -> None:
    """Check the model, its tables, and the experiments behind the findings.

    Leaves with exit code 1 if anything makes results wrong or untraceable.
    """
    from myeloniche.findings.bench import check_panels
    from myeloniche.lab.laboratory import open_laboratory
    from myeloniche.niche.checks import Severity, run_checks

    with _progress("checking") as progress:
        issues = run_checks(open_laboratory().niche, progress=progress)
    for issue in issues:
        click.echo(str(issue))
    count = check_panels()
    errors = sum(issue.severity is Severity.ERROR for issue in issues)
    click.echo(f"{errors} errors, {len(issues) - errors} remarks; {count} experiments can be done as written")
    sys.exit(1 if errors else 0)


def _split(only: str | None) -> tuple[str, ...] | None:
    return tuple(part.strip() for part in only.split(",") if part.strip()) if only else None


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False) + "\n", "utf-8")


def _console() -> Console:
    from rich.console import Console

    return Console()


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar with the time left on a terminal; stay silent elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
