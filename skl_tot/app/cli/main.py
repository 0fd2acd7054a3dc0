"""``skl-tot`` and its `COMMANDS`; slow modules are loaded when needed."""

import os
import signal
import sys
import warnings
from functools import partial

from skl_tot import __version__
from skl_tot.app.cli import corrections, fitting, outputs, predictions, reports
from skl_tot.app.cli.arguments import Parser

COMMANDS = {  # in the order of use
    "features": fitting.add_features,
    "fit": fitting.add_fit,
    "predict": predictions.add_predict,
    "report": reports.add_report,
    "summary": reports.add_summary,
    "evaluate": predictions.add_evaluate,
    "suggest": corrections.add_suggest,
    "review": corrections.add_review,
    "refine": corrections.add_refine,
    "subtasks": predictions.add_subtasks,
    "demo": fitting.add_demo,
}


def make_parser(words=()):
    """Make the parser of words; of all commands unless the first word names one."""
    text = "Find the actions of recordings: by temporal optimal transport without "
    text += "labels, or by labels of one recording, which the others follow."
    parser = Parser(prog="skl-tot", description=text)
    version = f"%(prog)s {__version__}"
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name in words[:1] if words and words[0] in COMMANDS else COMMANDS:
        COMMANDS[name](commands)
    return parser


def main(argv=None):
    """Run a command with given arguments, or those of the process; return a status."""
    # 0 on success, 2 after an error (one line on standard error), 130 after an
    # interrupt. Wrong arguments raise `SystemExit(2)`; a signal to terminate raises
    # `SystemExit(143)`.
    if None in (sys.stdin, sys.stdout, sys.stderr):
        _open_closed_streams()
    # in an own process, so that temporary files can be removed at its end
    received = _watch_signals() if argv is None else []
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # unprintable names
    words = sys.argv[1:] if argv is None else argv
    parser = make_parser(words)
    options = parser.parse_args(words)
    if options.command is None:
        parser.print_help()
        return 0
    outputs.begin(argv is None or sys.stderr.isatty())
    with warnings.catch_warnings():
        warnings.showwarning = partial(_print_warning, set())
        try:
            options.execute(options)
            print(end="", flush=True)
        except BrokenPipeError:  # the reader closed the pipe
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except (Exception, KeyboardInterrupt) as error:
            return _explain(options.command, error, received)
    return 0


def _open_closed_streams():
    # else the next opened file gets the number of the stream, and its output
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = open(  # noqa: SIM115
                os.devnull, mode, encoding="utf-8", errors="backslashreplace"
            )
            setattr(sys, name, stream)


def _watch_signals():
    """Turn termination signals into exceptions; return a list that collects signals."""
    # a library may wrap an exception from a callback before it reaches `main`
    received = []

    def leave(number, _):
        received.append(number)
        if number == signal.SIGTERM:
            sys.exit(143)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, leave)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, leave)
    return received


def _explain(command, error, received):
    """Print the error that ended a command in one line, and return the exit status."""
    # a file that a review cannot write is an error also after the signal that ends it
    from skl_tot.recordings.errors import one_line

    is_lost = isinstance(error, OSError)
    if signal.SIGTERM in received and not is_lost:
        return 143
    if isinstance(error, KeyboardInterrupt) or (received and not is_lost):
        print(f"skl-tot {command}: interrupted", file=sys.stderr)
        return 130
    said = (ImportError, OSError, RuntimeError, TypeError, ValueError)
    kind = "" if isinstance(error, said) else f"{type(error).__name__}: "
    text = outputs.in_options(one_line(error))
    print(f"skl-tot {command}: {kind}{text}", file=sys.stderr)
    return 2


def _print_warning(printed, message, *_, **__):
    from skl_tot.recordings.errors import one_line

    text = outputs.in_options(one_line(message))
    if text not in printed:
        print(f"skl-tot: warning: {text}", file=sys.stderr)
    printed.add(text)
