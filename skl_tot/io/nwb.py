"""Files of Neurodata Without Borders, which hold the times of segments."""

import datetime
from pathlib import Path

import skl_tot
from skl_tot.inputs.extras import import_extra
from skl_tot.io.records import SegmentsError, check_same_keys
from skl_tot.io.time_readers import pick_tier

COLUMNS = {"label", "start_time", "stop_time"}
# A small file can say that it has more rows than there is memory.
MAX_ROWS = 10**7
# A session has to start at some date; segments do not say which.
START = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def write_nwb(path, records):
    """Write a session with an ethogram in its module of behaviour."""
    pynwb = import_extra("pynwb", "nwb")
    ethogram = import_extra("ndx_ethogram", "nwb")
    check_same_keys(records)
    bouts = ethogram.EthogramBouts(
        name="action",
        description="Segments, one after the other, each of one action.",
        labeling_method="automated",
        source_software=f"skl-tot {skl_tot.__version__}",
    )
    if "confidence" in records[0]:
        bouts.add_column("confidence", "Mean probability of the action in its frames.")
    for record in records:
        row = {"start_time": record["start_time"], "stop_time": record["end_time"]}
        if "confidence" in records[0]:
            row["confidence"] = record["confidence"]
        bouts.add_row(label=str(record["action"]), **row)
    session = pynwb.NWBFile("Segments of actions.", Path(path).stem, START)
    module = session.create_processing_module("behavior", "Segments of actions.")
    module.add(bouts)
    with pynwb.NWBHDF5IO(str(path), "w") as file:
        file.write(session)


def read_nwb(path):
    """Read the intervals with labels: those called "action", or the only ones."""
    h5py = import_extra("h5py", "nwb")
    with open(path, "rb") as content:
        try:
            with h5py.File(content, "r") as file:
                tiers = _find_tables(h5py, file)
        except SegmentsError:
            raise
        except Exception as error:  # of many kinds, where it is something else
            raise SegmentsError(f"this is no file of NWB, {error}") from error
    return pick_tier(tiers)


def _find_tables(h5py, file):
    """Name and records of each table of intervals with labels."""
    tables = []

    def visit(name, group):
        if isinstance(group, h5py.Group) and group.keys() >= COLUMNS:
            tables.append((name.rpartition("/")[2], _read_table(group)))

    file.visititems(visit)
    return tables


def _read_table(group):
    """Rows of a table of intervals."""
    n_rows = max(group[name].size for name in COLUMNS)
    if n_rows > MAX_ROWS:
        raise SegmentsError(f"there are {n_rows} rows, expected at most {MAX_ROWS}.")
    labels = group["label"].asstr()[:].tolist()
    starts, ends = group["start_time"][:].tolist(), group["stop_time"][:].tolist()
    records = []
    for label, start, end in zip(labels, starts, ends, strict=True):
        records.append({"action": label, "start_time": start, "end_time": end})
    return records
