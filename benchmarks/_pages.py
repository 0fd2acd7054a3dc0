"""Tables of the studies: as text, between the marks of a page, and as CSV beside it."""

import csv
import io
import sys

from _cells import write_text


def markdown(rows, n_texts=1):
    """Table of a header and rows, with ``n_texts`` text columns."""
    line = ["---"] * n_texts + ["---:"] * (len(rows[0]) - n_texts)
    rows = [rows[0], line, *rows[1:]]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def marks(name):
    """Lines of a page around the table of a name."""
    return f"<!-- {name} -->", f"<!-- end of {name} -->"


def has_marks(path, name):
    """Whether a file has the marks of a name, once each."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return all(lines.count(mark) == 1 for mark in marks(name))


def check_page(parser, path, names):
    """Exit with an error unless a page, if there is one, has all marks."""
    for name in names if path else ():
        if not has_marks(path, name):
            parser.error(
                f"--page {path}: expected the lines {' and '.join(marks(name))}."
            )


def renew_page(path, name, text):
    """Put a text between the marks of a page."""
    begin, end = marks(name)
    head, _, rest = path.read_text(encoding="utf-8").partition(begin)
    tail = rest.partition(end)[2]
    write_text(path, f"{head}{begin}\n\n{text}\n\n{end}{tail}")


def write_csv(path, rows):
    """Write rows to a file; its folder is created if missing."""
    path.parent.mkdir(exist_ok=True)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    write_text(path, text.getvalue())


def renew_rows(path, title, rows):
    """Put a table into a CSV file, replacing the rows with its title."""
    kept = []
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            kept = [row for row in csv.reader(file) if row[0] not in ("set", title)]
    own = ([title, *row] for row in rows[1:])
    write_csv(path, [["set", *rows[0]], *kept, *own])


def show(text, out):
    """Print a text, and write it to a file if one was named."""
    sys.stdout.write(text)
    if out:
        write_text(out, text)
