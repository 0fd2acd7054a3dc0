"""Files of Neurodata Without Borders, with the times of segments."""

import datetime

import skl_tot
from skl_tot.io.formats import base
from skl_tot.recordings.imports import import_extra

COLUMNS = {"label", "start_time", "stop_time"}
# a session needs a date, unknown here
START = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def write_nwb(table, path):
    """Write a session with an ethogram in its behaviour module."""
    pynwb = import_extra("pynwb")
    ethogram = import_extra("ndx_ethogram")
    bouts = ethogram.EthogramBouts(
        name=base.TIER,
        description="Segments, one after the other, each of one action.",
        labeling_method="automated",
        source_software=f"skl-tot {skl_tot.__version__}",
    )
    if "confidence" in table:
        bouts.add_column("confidence", "Mean probability of the action in its frames.")
    for row in table.to_dict("records"):
        known = {key: row[key] for key in ("start_time", "confidence") if key in row}
        bouts.add_row(label=str(row["action"]), stop_time=row["end_time"], **known)
    session = pynwb.NWBFile("Segments of actions.", base.shown_name(path), START)
    module = session.create_processing_module("behavior", "Segments of actions.")
    module.add(bouts)
    with pynwb.NWBHDF5IO(str(path), "w") as file:
        file.write(session)


def read_nwb(path):
    """Read the labelled intervals called "action", or the only ones."""
    h5py = import_extra("h5py")
    tiers = []

    def visit(name, group):
        if isinstance(group, h5py.Group) and group.keys() >= COLUMNS:
            tiers.append((name.rpartition("/")[2], _read_table(group)))

    with open(path, "rb") as content, h5py.File(content, "r") as file:
        file.visititems(visit)
    return base.frame_of_times(base.pick_tier(tiers))


def _read_table(group):
    base.check_rows(max(group[name].size for name in COLUMNS))
    labels = group["label"].asstr()[:].tolist()
    starts, ends = group["start_time"][:].tolist(), group["stop_time"][:].tolist()
    return list(zip(labels, starts, ends, strict=True))


NWB = base.timed(
    ".nwb", write_nwb, read_nwb, "Neurodata Without Borders, with an ethogram"
)
