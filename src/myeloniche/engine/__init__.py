"""Any SBML model to compiled kernels to trajectories of an ensemble; knows no biology."""
