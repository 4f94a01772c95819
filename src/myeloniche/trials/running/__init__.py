"""Running a trial: parts that survive kills, processes, clusters, manifests and results."""

from myeloniche.trials.running.cluster import DaskCluster, LocalDask
from myeloniche.trials.running.processes import LocalProcesses, ThisProcess
from myeloniche.trials.running.results_folder import TrialResults, read_results
from myeloniche.trials.running.runner import Watcher, run_trial
from myeloniche.trials.running.verify import Verification, verify

__all__ = [
    "DaskCluster",
    "LocalDask",
    "LocalProcesses",
    "ThisProcess",
    "TrialResults",
    "Verification",
    "Watcher",
    "read_results",
    "run_trial",
    "verify",
]
