"""``python -m agents`` is the command line ``campaign``."""

from agents.cli import main

main()
