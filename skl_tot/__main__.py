"""``python -m skl_tot``: the command line."""

import sys

from skl_tot.app.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
