"""Tables of segments as Parquet, whose columns are those of the other tables."""

from skl_tot.inputs.extras import import_extra
from skl_tot.io.records import SegmentsError, check_same_keys
from skl_tot.io.tables import find_keys

# A small file can say that it has more rows than there is memory.
MAX_ROWS = 10**7
OTHERS = ("duration", "duration_time", "confidence")


def write_parquet(path, records):
    """Write a table, one segment a row."""
    pyarrow = import_extra("pyarrow", "tables")
    parquet = import_extra("pyarrow.parquet", "tables")
    check_same_keys(records)
    parquet.write_table(pyarrow.Table.from_pylist(records), path)


def read_parquet(path):
    """Read the columns of a table that say something about its segments."""
    pyarrow = import_extra("pyarrow", "tables")
    parquet = import_extra("pyarrow.parquet", "tables")
    with open(path, "rb") as file:
        try:
            table = parquet.ParquetFile(file)
            keys = _find_columns(table.schema_arrow.names)
            if table.metadata.num_rows > MAX_ROWS:
                raise SegmentsError(
                    f"there are {table.metadata.num_rows} rows, expected at most "
                    f"{MAX_ROWS}."
                )
            rows = table.read(columns=list(keys)).to_pylist()
        except (pyarrow.ArrowException, OSError) as error:
            raise SegmentsError(f"this is no table in Parquet, {error}") from error
    return [{keys[name]: row[name] for name in row} for row in rows]


def _find_columns(names):
    """Key of each column that counts, by its name."""
    keys = {name: name for name in OTHERS if name in names}
    return keys | {names[i]: key for i, key in find_keys(names).items()}
