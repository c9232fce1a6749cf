"""`python -m cuspworld` is the command `cusp`."""

from cuspworld.cli import main

main()
