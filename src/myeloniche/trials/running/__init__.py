"""Running a trial: parts that survive kills, processes, clusters, manifests and results."""
