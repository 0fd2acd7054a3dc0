"""Tables of segments, one segment per row."""

from skl_tot.io.formats.base import Format
from skl_tot.io.formats.tables import read_cells


def write_csv(table, path):
    """Write a table, one segment per row."""
    table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


FORMAT = Format(".csv", write_csv, read_cells, "table, one segment a row", many=True)
