"""Tables of segments as Parquet, with the columns of the other tables."""

from skl_tot.extras import import_extra
from skl_tot.io.formats.base import Format, SegmentsError, check_rows
from skl_tot.io.formats.tables import as_segments, find_keys


def write_parquet(table, path):
    """Write a table, one segment per row."""
    import_extra("pyarrow")
    with open(path, "wb") as file:  # pyarrow refuses names that are no valid text
        table.to_parquet(file, engine="pyarrow", index=False)


def read_parquet(path):
    """Read the columns of a table that describe its segments."""
    import pandas as pd

    pyarrow = import_extra("pyarrow")
    parquet = import_extra("pyarrow.parquet")
    with open(path, "rb") as file:
        try:
            table = parquet.ParquetFile(file)
            names = table.schema_arrow.names
            keys = {names[i]: key for i, key in find_keys(names).items()}
            check_rows(table.metadata.num_rows)
            columns = table.read(columns=list(keys)).to_pydict()
        except (pyarrow.ArrowException, OSError) as error:
            raise SegmentsError(f"this is no table in Parquet, {error}") from error
    columns = {keys[name]: pd.Series(columns[name], dtype=object) for name in keys}
    return as_segments(pd.DataFrame(columns), path)


FORMAT = Format(
    ".parquet",
    write_parquet,
    read_parquet,
    "the same table, for data frames",
    many=True,
    extra="files",
)
