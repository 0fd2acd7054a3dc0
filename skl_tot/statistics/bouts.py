"""Bouts of actions, the input of all statistics, and groups of recordings."""

from functools import cached_property

import numpy as np

from skl_tot.recordings import segment_checks as tables
from skl_tot.recordings.clocks import check_fps
from skl_tot.recordings.errors import import_extra
from skl_tot.recordings.labels import (
    BACKGROUND,
    BACKGROUND_NAME,
    NO_ACTIONS,
    values_of_recordings,
)
from skl_tot.recordings.layouts import is_table
from skl_tot.recordings.segment_table import labelled_recordings, table_of_labels

TOLERANCE = 1e-6  # seconds or frames, for rounding
# A segment is no bout if it is shorter than this share of the lower quartile of all
# those of its action, if there are so many. Models leave up to .38 of a skipped step in
# generated logs; of 13,500 labelled bouts of nineteen sets, .6 % are shorter.
CRUMB, LEAST_BOUTS = 0.4, 5
# Before a break, a part of a bout below this share of the part behind it is no start;
# and next to one, a segment is a bout from this share of the lower quartile on.
SLIVER = 0.1


class Bouts:
    """Bouts of all recordings: a segment table of actions with durations."""

    # ``table`` has ``recording``, ``action``, ``start`` and ``end`` (in ``unit``, "s"
    # or "frames"), by recording and time, with background. ``paused`` and
    # ``paused_end`` are the time of breaks in the recording before the start and the
    # end: a bout goes on after a break. ``origins`` are the start times of recordings
    # by name, ``dates`` those of time 0; ``frame`` is the duration of a frame, or 0 if
    # unknown.
    def __init__(self, table, origins, frame, unit, dates=None):
        last = table.groupby("recording", sort=False)[["end", "paused_end"]].last()
        self.names, self.origins = origins.index.tolist(), origins
        # without breaks
        self.lengths = last["end"] - last["paused_end"] - origins
        self.frame, self.unit, self.dates = frame, unit, dates or {}
        table = table[~table["action"].astype(object).isin(NO_ACTIONS)]
        self.actions = sorted(table["action"].unique().tolist())
        pd = import_extra("pandas")
        recordings = pd.Categorical(table["recording"], self.names)
        actions = pd.Categorical(table["action"], self.actions)
        table = table.assign(recording=recordings, action=actions)
        pauses = table["paused_end"] - table["paused"]
        self.table = table.assign(duration=table["end"] - table["start"] - pauses)
        self.table = self.table.reset_index(drop=True)

    @cached_property
    def by_action(self):
        """Bouts by recording and action, for all pairs of these."""
        return self.table.groupby(["recording", "action"], observed=False)

    @property
    def recordings(self):
        """Index of ``names`` for each bout."""
        return self.table["recording"].cat.codes.to_numpy()

    @property
    def codes(self):
        """Index of ``actions`` for each bout."""
        return self.table["action"].cat.codes.to_numpy()

    @cached_property
    def first_starts(self):
        """Time, without breaks, from the start of a recording to each action."""
        first = self.by_action[["start", "paused"]].first()
        first = first["start"] - first["paused"]
        return first - self.origins.reindex(first.index.get_level_values(0)).to_numpy()

    def without_crumbs(self):
        """Bouts, with the time of far shorter ones than usual as of the bout before."""
        by_action = self.table.groupby("action", observed=True)["duration"]
        low, high = (by_action.transform("quantile", share) for share in (0.25, 0.75))
        # of logarithms, an outlier by its distance from the quartiles
        least = low * np.minimum(CRUMB, (low / high) ** 1.5)
        # a break may have cut it short
        is_cut = mark_breaks(self.table)["breaks_within"]
        least = least.mask(is_cut, np.minimum(least, SLIVER * low))
        is_crumb = by_action.transform("size") >= LEAST_BOUTS
        is_crumb &= self.table["duration"] < least
        if not is_crumb.any():
            return self
        table = self.table.astype({"recording": object, "action": object})
        actions = table["action"].mask(is_crumb).groupby(table["recording"]).ffill()
        table = table.assign(action=actions, is_crumb=is_crumb)
        table = merge_touching(table, is_crumb="min")
        return self.with_table(table[~table["is_crumb"]])

    def with_table(self, table):
        """Bouts of another table of the same recordings."""
        table = table.astype({"recording": object, "action": object})
        bouts = Bouts(table, self.origins, self.frame, self.unit, self.dates)
        bouts.lengths = self.lengths
        return bouts

    def of_groups(self, members):
        """Return the group of each bout, groups in order of their first recording."""
        groups = self.table["recording"].astype(object).map(members)
        return import_extra("pandas").Categorical(groups, members.unique())

    def plain(self, table):
        """Return a table of results with plain columns instead of categories."""
        pd = import_extra("pandas")
        for key in table.columns[table.dtypes == "category"]:
            table[key] = pd.Series(table[key].tolist(), dtype=None)
        return table

    def matrix(self, values):
        """Return values by recording and action as an array (n_names, n_actions)."""
        return values.to_numpy().reshape(len(self.names), len(self.actions))

    def name_codes(self, codes):
        """Return the actions of some codes as a tuple."""
        return tuple(self.actions[code] for code in codes)


def collect_bouts(labels, fps=None):
    """Return the bouts of labels of any form, of a table of segments, or of bouts."""
    if isinstance(labels, Bouts):
        return labels
    check_fps(fps)
    is_frame = getattr(labels, "ndim", 1) == 2 and hasattr(labels, "columns")
    if is_frame and ("action" in labels or not is_table(labels)):
        return _bouts_of_table(labels, fps)
    recordings, _ = labelled_recordings(labels, fps)
    table, has_rate = table_of_labels(recordings), recordings.fps is not None
    times = tables.values_of(table, tables.SECONDS if has_rate else tables.FRAMES)
    table = _with_times(table, times)
    origins = table.groupby("recording", sort=False)["start"].min()
    frame, unit = (1 / recordings.fps, "s") if has_rate else (1.0, "frames")
    dates = {}
    if recordings.starts is not None:
        dates = dict(zip(recordings.names, recordings.starts))
    return Bouts(_add_pauses(table), origins, frame, unit, dates)


def _with_times(table, times):
    values = np.hstack([times, tables.values_of(table, tables.FRAMES)])
    columns = dict(zip(("start", "end", "first", "last"), values.T))
    return table[["recording", "action"]].assign(**columns)


def _add_pauses(table):
    """Bouts of segments, with the time of breaks before, which has no frames."""
    before = table.shift()
    is_break = table["recording"] == before["recording"]
    is_break &= table["first"] == before["last"]
    pauses = (table["start"] - before["end"]).where(is_break, 0)
    pauses = pauses.where(pauses > TOLERANCE, 0)
    pauses = pauses.groupby(table["recording"]).cumsum()
    table = table.assign(paused=pauses, paused_end=pauses)
    # a bout begins behind a break if next to nothing of it is before
    after, durations = table.shift(-1), table["end"] - table["start"]
    is_rest = (after["recording"] == table["recording"]) & (after["paused"] > pauses)
    is_rest &= after["action"] == table["action"]
    is_rest &= durations < SLIVER * durations.shift(-1)
    return merge_touching(table.assign(begin=table["start"].mask(is_rest)))


def _bouts_of_table(table, fps):
    """Return the bouts of a segment table of any columns, in any order."""
    checked = tables.check_segments(table, "labels")
    if len(checked) == 0:
        raise ValueError("labels has no rows, expected a row for each segment.")
    if "recording" not in checked:
        checked["recording"] = "0"
    if checked["action"].dtype.kind != "i":
        checked["action"] = checked["action"].replace(str(BACKGROUND), BACKGROUND_NAME)
    times, rate, unit = tables.times_and_rate(checked, fps)
    dates = tables.dates_of(checked)
    checked = _with_times(checked, times)
    names = checked["recording"].unique()
    order = checked["recording"].map({name: i for i, name in enumerate(names)})
    checked = checked.iloc[np.lexsort((times[:, 1], times[:, 0], order))]
    origins = _find_origins(checked, rate)
    _check_overlaps(checked, origins, unit)
    frame = 1.0 if unit == "frames" else 1 / (rate or np.inf)
    return Bouts(_add_pauses(checked), origins, frame, unit, dates)


def _find_origins(table, rate):
    """Return the start of recordings: at frame 0 if clock and frames are known."""
    first = table.groupby("recording", sort=False)[["start", "first"]].first()
    if rate is None or first["first"].isna().any():
        return first["start"].clip(upper=0.0)
    return first["start"] - first["first"] / rate


def _check_overlaps(table, origins, unit):
    """Refuse segments of a recording that overlap, or last nothing together."""
    for name, rows in table.groupby("recording", sort=False):
        starts, ends = rows["start"].to_numpy(), rows["end"].to_numpy()
        for k in np.flatnonzero(starts[1:] < ends[:-1] - TOLERANCE)[:1]:
            problem = f"{name}: a segment starts at {starts[k + 1]:.10g} {unit}"
            problem += f" and the one before it ends at {ends[k]:.10g}"
            raise ValueError(f"{problem}, expected one action at a time.")
        if ends[-1] <= origins[name]:
            raise ValueError(f"{name}: segments last 0 {unit}, expected more.")


def mark_breaks(table):
    """Columns of bouts: a break before, within or next to, and after each of them."""
    after = table.shift(-1)
    is_same = after["recording"] == table["recording"]
    breaks_after = is_same & (after["paused"] != table["paused_end"])
    breaks_before = breaks_after.shift(fill_value=False)
    is_paused = table["paused_end"] > table["paused"]
    return import_extra("pandas").DataFrame(
        {
            "breaks_before": breaks_before,
            "breaks_within": breaks_before | is_paused | breaks_after,
            "breaks_after": breaks_after,
        }
    )


def merge_touching(table, **others):
    """Merge adjacent segments of one action with nothing but breaks between them."""
    # ``others`` are further columns, with their aggregation
    before = table.shift()
    is_new = table["recording"] != before["recording"]
    is_new |= table["action"] != before["action"]
    waited = table["start"] - before["end"] - table["paused"] + before["paused"]
    is_new |= waited > TOLERANCE
    merged = table.groupby(is_new.cumsum().to_numpy(), sort=False)
    columns = dict.fromkeys(("recording", "action", "start", "paused"), "first")
    columns |= {"begin": "first"} if "begin" in table else {}
    return merged.agg(columns | dict.fromkeys(("end", "paused_end"), "last") | others)


def group_of_recordings(groups, names, what="groups"):
    """Return the group of each recording, a Series by the names of recordings."""
    values = values_of_recordings(groups, names, what)
    for name, group in zip(names, values):
        if group is None or group != group:  # NaN
            raise ValueError(f"{what} has no entry for {name!r}, expected one.")
    return import_extra("pandas").Series(values, index=names)
