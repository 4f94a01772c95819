"""An extra that is not installed is told with the line that installs it, before any work."""

from __future__ import annotations

import sys

import pytest
from stand_in import StandIn, simulate

from myeloniche.errors import MyelonicheError
from myeloniche.trials.extras import cluster_library, parquet, statistics
from myeloniche.trials.running.runner import LOCAL_CLUSTER, run_trial


@pytest.mark.parametrize(
    ("module", "load", "line"),
    [
        ("pyarrow.parquet", parquet, "the tables of a trial need pyarrow.*trials"),
        (
            "statsmodels",
            lambda: statistics("statsmodels"),
            "the statistics of a trial need statsmodels.*trials",
        ),
        ("distributed", cluster_library, "clusters need distributed.*cluster"),
    ],
)
def test_what_is_missing_is_named_with_its_extra(module, load, line, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)  # as if it were not there

    with pytest.raises(MyelonicheError, match=rf"{line}\]'"):
        load()


def test_nothing_is_begun_without_the_cluster_extra(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)

    with pytest.raises(MyelonicheError, match=r"pip install 'myeloniche\[cluster\]'"):
        run_trial(StandIn(), tmp_path / "out", simulate=simulate, scheduler=LOCAL_CLUSTER)
    assert not (tmp_path / "out").exists()
