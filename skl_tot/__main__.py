"""``python -m skl_tot``: the command line."""

import sys

from skl_tot._cli import main

if __name__ == "__main__":
    sys.exit(main())
