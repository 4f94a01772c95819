"""``python -m myeloniche`` is the command line."""

from myeloniche.cli import main

main()
