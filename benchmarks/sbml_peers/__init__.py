"""This engine beside its peers on published SBML models: time, accuracy and start-up, in one run.

python -m benchmarks.sbml_peers --collection PATH
python -m benchmarks.sbml_peers.page
"""
