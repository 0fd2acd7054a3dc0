"""The command ``skl-tot``. Its work is done in `commands`, loaded when needed."""

import os
import signal
import sys
import warnings

from skl_tot.cli.parser import make_parser
from skl_tot.inputs.errors import one_line


def main(argv=None):
    """Run a command of ``skl-tot``.

    Parameters
    ----------
    argv : list of str, default=None
        Arguments; None means those of the process.

    Returns
    -------
    status : int
        0 on success, 2 after an error, which is one line on standard error, and 130 if
        interrupted. Wrong arguments leave by ``SystemExit(2)``, and so does a process
        that is told to end, with 143.
    """
    if argv is None:  # the process is ours; temporary files go with it
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    arguments = vars(make_parser().parse_args(argv))
    command = arguments.pop("command")
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # names that it cannot show
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        try:
            # late, so that --help does not wait for torch
            from skl_tot.cli import commands

            getattr(commands, command)(**arguments)
            print(end="", flush=True)
        except BrokenPipeError:  # whoever reads has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        except Exception as error:
            known = (ImportError, OSError, RuntimeError, TypeError, ValueError)
            kind = "" if isinstance(error, known) else f"{type(error).__name__}: "
            print(f"skl-tot {command}: {kind}{one_line(error)}", file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            print(f"skl-tot {command}: interrupted", file=sys.stderr)
            return 130
    return 0


def _show_warning(message, *_, **__):
    print(f"skl-tot: warning: {one_line(message)}", file=sys.stderr)
