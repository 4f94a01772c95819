"""Ensembles of parameter sets that the findings allow: priors, search, and what the sets say."""
