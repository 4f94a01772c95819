import pytest

from myeloniche.niche.attachment import AttachedProcess, Attachment, Factor
from myeloniche.niche.checks.conservation import conserved_totals
from myeloniche.niche.checks.model import CheckConservation, CheckRest, CheckSbmlUnits, CheckUnits
from myeloniche.niche.checks.rows import (
    CheckCellValues,
    CheckIdentifiers,
    CheckNumbersInLaws,
    CheckOrphans,
    CheckParametersUsed,
    CheckProcessEvidence,
    CheckRanges,
    CheckSources,
)
from myeloniche.niche.checks.run import CHECKS, Severity, run_checks
from myeloniche.niche.niche import load

QUICK = tuple(check for check in CHECKS if not isinstance(check, CheckRest))


def found(data, check) -> list[str]:
    """Return what one check says, worst first."""
    return [str(issue) for issue in run_checks(load(data=data), [check])]


def test_a_sound_niche_has_nothing_worse_than_information(write_niche) -> None:
    issues = run_checks(load(data=write_niche()), QUICK)
    assert [str(issue) for issue in issues if issue.severity > Severity.INFO] == []


def test_a_parameter_in_the_wrong_unit_is_found_at_the_law(write_niche) -> None:
    data = write_niche(changes={"core/parameters.tsv": ("k_off|0.5|1/h", "k_off|0.5|nM/h")})
    expected = "core/receptor.ant:3: law of 'BMSC.tnf_release' is in nM^2 h^-1, expected nM h^-1"
    assert [f"ERROR: {expected} [CheckUnits]"] == found(data, CheckUnits())


@pytest.mark.parametrize(("unit", "written"), [("1/h", "h^-1"), ("1", "1"), ("uM", "1000 nM")])
def test_a_half_saturation_in_the_wrong_unit_is_found_at_the_law(write_niche, unit, written) -> None:
    data = write_niche(changes={"core/parameters.tsv": ("active_K|3|nM", f"active_K|3|{unit}")})
    issues = found(data, CheckUnits())
    assert len(issues) == 2
    assert issues[0].startswith(
        "ERROR: core/activity.ant:1: law of 'MM.activation': in hill with x in nM, k in "
    )
    assert f"k in {written}, n in 1" in issues[0]


def test_an_exponent_that_is_a_parameter_is_followed(write_niche) -> None:
    files = {
        "functions.ant": "function hill(x, k, n)\n  x^n/(k^n + x^n)\nend\n"
        "function pos(x)\n  piecewise(x, x > 0, 0)\nend\n"
    }
    assert found(write_niche(files), CheckUnits()) == []
    data = write_niche(files, {"core/activity.ant": ("active_K, 2)", "1, 2)")})
    assert any("'k^n + x^n' puts nM^2 with 1" in text for text in found(data, CheckUnits()))


def test_an_observable_in_the_wrong_unit_is_found_at_its_rule(write_niche) -> None:
    data = write_niche(changes={"core/species.tsv": ("bound_share|1|", "bound_share|nM|")})
    assert found(data, CheckUnits())[0].startswith(
        "ERROR: core/receptor.ant:4: rule of 'MM.bound_share' is in 1, expected nM"
    )


def test_a_factor_that_is_not_dimensionless_is_found(write_niche) -> None:
    factor = Factor("activity:MM.active", "DRUG", "drug.yaml:7")
    (issue,) = run_checks(load([Attachment("a drug", factors=(factor,))], data=write_niche()), [CheckUnits()])
    assert str(issue).startswith(
        "ERROR: drug.yaml:7: factor on 'activity:MM.active' is in 1000 nM, expected 1"
    )


def test_what_libsbml_says_of_units_is_a_warning_at_the_law(write_niche) -> None:
    data = write_niche(changes={"core/parameters.tsv": ("k_off|0.5|1/h", "k_off|0.5|nM/h")})
    issues = found(data, CheckSbmlUnits())
    assert any(text.startswith("WARNING: core/receptor.ant:3: 'BMSC.tnf_release': ") for text in issues)


@pytest.mark.parametrize(
    ("check", "file", "change", "expected"),
    [
        (
            CheckParametersUsed(),
            "medium/parameters.tsv",
            ("growth|0.02", "groth|1|1/h|assumed|0|2|assumed|\ngrowth|0.02"),
            "WARNING: medium/parameters.tsv:4: parameter 'groth' is used nowhere",
        ),
        (
            CheckIdentifiers(),
            "medium/species.tsv",
            ("hgnc:4", ""),
            "ERROR: medium/species.tsv:2: species 'TNF' has identifier ''",
        ),
        (
            CheckProcessEvidence(),
            "medium/processes.tsv",
            ("division|growth|cells divide|Guo2024\n", ""),
            "ERROR: medium/medium.ant:4: process 'division' has a law but no row",
        ),
        (
            CheckRanges(),
            "medium/parameters.tsv",
            ("0.02|1/h|measured|0.01|0.1", "0.02|1/h|measured||"),
            "WARNING: medium/parameters.tsv:4: parameter 'growth' has no plausible range",
        ),
        (
            CheckCellValues(),
            "cell_values.tsv",
            ("0.02|uM", "0.2|uM"),
            "WARNING: cell_values.tsv:2: RPMI8226: 'MM.receptor_total' is 200 nM, outside [1.0, 100.0]",
        ),
        (
            CheckOrphans(),
            "medium/processes.tsv",
            ("division|", "budding|growth|buds|Guo2024\ndivision|"),
            "ERROR: medium/processes.tsv:5: process 'budding' has no law",
        ),
        (
            CheckOrphans(),
            "medium/species.tsv",
            ("TNF|nM|1.5", "IL6|nM|0|hgnc:6|IL-6|Guo2024\nTNF|nM|1.5"),
            "ERROR: medium/species.tsv:2: species 'IL6' is in no process and no rule",
        ),
        (
            CheckNumbersInLaws(),
            "medium/medium.ant",
            ("clearance*TNF", "0.3*clearance*TNF"),
            "ERROR: medium/medium.ant:2: 'tnf_clearance' holds the number 0.3",
        ),
    ],
)
def test_a_defect_is_found_at_its_file_and_line(write_niche, check, file, change, expected) -> None:
    issues = found(write_niche(changes={file: change}), check)
    assert any(text.startswith(expected) for text in issues), issues


def test_exponents_and_the_last_argument_may_be_numbers(write_niche) -> None:
    data = write_niche(changes={"core/activity.ant": ("active_K, 2)", "active_K, 4)")})
    assert found(data, CheckNumbersInLaws()) == []


def test_the_source_of_an_attachment_is_checked(write_niche) -> None:
    process = AttachedProcess("x", "DRUG -> ; clearance*DRUG", "loss", "lost", "Nobody1900", "drug.yaml:3")
    niche = load([Attachment("a drug", processes=(process,))], data=write_niche())
    (issue,) = [i for i in run_checks(niche, [CheckSources()]) if i.severity == Severity.ERROR]
    assert issue.where == "drug.yaml:3"
    assert "unknown reference 'Nobody1900'" in issue.message


def test_receptors_are_conserved_in_each_cell(write_niche) -> None:
    totals = conserved_totals(load(data=write_niche()).model)
    assert {"MM__R": 1, "MM__R_TNF": 1} in totals
    assert {"BMSC__R": 1, "BMSC__R_TNF": 1} in totals
    assert len(totals) == 2


def test_a_declared_total_that_a_process_changes_is_an_error(write_niche) -> None:
    declared = ("[core, myeloma]}", "[core, myeloma], conserved: {receptor: [R, R_TNF], all: [R, active]}}")
    issues = found(write_niche(changes={"assembly.yaml": declared}), CheckConservation())
    errors = [text for text in issues if text.startswith("ERROR")]
    assert len(errors) == 1
    assert "'MM.all' is changed by MM.activation, MM.inactivation, MM.tnf_binding" in errors[0]


def test_every_cell_of_the_small_niche_comes_to_rest(write_niche) -> None:
    data = write_niche()
    assert found(data, CheckRest()) == []


def test_a_species_that_grows_for_ever_is_named(write_niche) -> None:
    data = write_niche(
        changes={
            "core/activity.ant": (
                "inactivation: active -> ; active/active_time;",
                "inactivation: -> active; active/active_time;",
            )
        }
    )
    issues = found(data, CheckRest())
    assert any("cell 'RPMI8226' ends with" in text for text in issues)
