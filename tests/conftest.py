"""Options of the test run."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--sbml-suite",
        metavar="PATH",
        help="folder or tar archive of the semantic cases of the public SBML Test Suite",
    )
    parser.addoption(
        "--sbml-bench",
        metavar="PATH",
        help="folder of a collection of published SBML models with reference trajectories",
    )
