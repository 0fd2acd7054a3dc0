"""Stops, in which nothing moves: found, cut out, listed and put back."""

import numpy as np
import pandas as pd
import pytest

from skl_tot import CyclicSegmenter, HMMSegmenter
from skl_tot.io import FORMATS, read_segments, segments, write_segments
from skl_tot.recordings import (
    Recordings,
    list_stops,
    read_recordings,
    with_stops,
    without_stops,
)
from skl_tot.statistics import cycle_times, durations

FPS = 10
LEVELS = np.array([[2.0, 1, 0, 5], [0, 2, 1, -3], [1, 0, 2, 1]])
START = np.datetime64("2024-03-04T06:51:08.2", "ms")


def line(stops, n_cycles=20, noise=0.1, seed=0):
    """Frames of cycles of three steps, their labels, and where the line stands still.

    ``stops`` are pairs of a frame of the moving line and a duration in frames.
    """
    random = np.random.default_rng(seed)
    labels = np.tile(np.repeat([0, 1, 2], [30, 50, 20]), n_cycles)
    turns = np.arange(len(labels))[:, None] * [0.9, 1.1, 1.3, 1.7]
    frames = LEVELS[labels] + np.sin(turns)
    is_still = np.zeros(len(labels), dtype=bool)
    for at, length in sorted(stops, reverse=True):
        rest = np.full((length, 4), 0.5)  # unlike any step
        frames = np.concatenate([frames[:at], rest, frames[at:]])
        is_still = np.r_[is_still[:at], np.ones(length, bool), is_still[at:]]
    return frames + noise * random.normal(size=frames.shape), labels, is_still


def spans_of(mask):
    edges = np.flatnonzero(np.diff(np.r_[0, mask, 0].astype(int)))
    return edges.reshape(-1, 2)


@pytest.mark.parametrize(("pauses", "first"), [(2, 500), ("frozen", 470)])
def test_long_empty_rows_are_stops(pauses, first):
    """Of 2 s, also next to frozen values; not those of some columns, nor of 1.9 s."""
    frames = np.random.default_rng(0).normal(size=(600, 2))
    frames[:20], frames[100:119], frames[200:300, 0], frames[500:530] = [np.nan] * 4
    if pauses == "frozen":
        frames[470:500] = frames[469]
    takes = without_stops(Recordings([frames], fps=FPS), pauses)
    assert takes.stops[0][:, :2].tolist() == [[0, 20], [first, 530]]
    assert takes.breaks[0].tolist() == [first - 20]


STOPS = {
    "none": [],
    "inside": [(540, 260)],
    "first": [(0, 200)],
    "last": [(2000, 150)],
    "three": [(35, 100), (777, 2600), (1999, 101)],
    "two in a cycle": [(905, 120), (975, 120)],
}


@pytest.mark.parametrize("noise", [0.02, 0.1])
@pytest.mark.parametrize("stops", STOPS.values(), ids=STOPS)
def test_stops_are_exact(stops, noise):
    frames, labels, is_still = line(stops, noise=noise)
    takes = without_stops(Recordings([frames], fps=FPS, starts=[START]), 10)
    expected = spans_of(is_still)
    table = list_stops(takes)
    assert np.abs(table[["start", "end"]].to_numpy() - expected).max(initial=0) <= 2
    if noise == 0.02:  # clear, and never the same twice
        assert table[["start", "end"]].to_numpy().tolist() == expected.tolist()
        np.testing.assert_array_equal(takes[0], frames[~is_still])
        ends = expected / FPS
        np.testing.assert_allclose(table[["start_time", "end_time"]], ends)
        dates = pd.to_datetime(table["start_clock"]) - pd.Timestamp(START)
        np.testing.assert_allclose(dates.dt.total_seconds(), ends[:, 0])
        full = with_stops(takes.replace([labels]))[0]
        np.testing.assert_array_equal(full[is_still], -1)
        np.testing.assert_array_equal(full[~is_still], labels)


@pytest.mark.parametrize("seed", range(2))
def test_every_second_is_of_an_action_a_break_or_a_stop(tmp_path, seed):
    random = np.random.default_rng(seed)
    at = np.sort(random.choice(np.arange(0, 2000, 150), 3, replace=False))
    stops = [(int(frame), int(random.integers(100, 900))) for frame in at]
    frames, labels, is_still = line(stops, noise=0.02, seed=seed)
    clock = np.arange(len(frames)) / FPS
    gaps = random.choice(np.arange(1, len(clock)), 2, replace=False)
    lost = random.uniform(2, 500, 2)
    for gap, seconds in zip(gaps, lost):
        clock[gap:] += seconds
    table = pd.DataFrame(frames, columns=list("abcd")).assign(time=START)
    table["time"] += pd.to_timedelta(np.round(clock, 3), "s")
    table.to_csv(tmp_path / "log.csv", index=False)
    with pytest.warns(UserWarning, match="2 of 2 gaps"):
        takes = read_recordings(tmp_path / "log.csv", pauses=8)
    labels = takes.replace([labels])
    found = durations(labels)["total"].sum()
    parts = segments(labels)
    assert parts["duration_time"].sum() == pytest.approx(found)
    found += list_stops(takes)["duration_time"].sum()
    # a gap within a stop is of the stop
    pairs = zip(gaps, lost)
    inside = [seconds for gap, seconds in pairs if is_still[gap - 1 : gap + 1].all()]
    found += lost.sum() - sum(inside)
    assert found == pytest.approx(clock[-1] + 1 / FPS, abs=0.01)


def test_stops_are_in_no_cycle(monkeypatch):
    frames, labels, _ = line([(240, 1300), (610, 300)], n_cycles=10)
    takes = without_stops(Recordings([frames], fps=FPS), 10)
    cuts = np.arange(0, 1001, 100)
    monkeypatch.setattr("skl_tot.meta.cyclic.find_cycles", lambda *given: cuts)
    model = CyclicSegmenter(3, estimator=HMMSegmenter()).fit(takes)
    found = model.predict(takes)
    assert (found[0] == labels).mean() > 0.97
    cycles = cycle_times(found, start=[0, 1, 2])
    assert len(cycles) == 10
    assert cycles["duration"].max() < 12  # seconds
    assert cycles["end"].iloc[-1] == pytest.approx(len(frames) / FPS)
    assert not cycles["deviates"].any()
    assert with_stops(found)[0].shape == (len(frames),)


@pytest.mark.parametrize("format", ["labels", "csv"])
def test_labels_go_there_and_back(tmp_path, format):
    """Files with a line for each frame have those of stops, too."""
    frames, _, is_still = line(STOPS["three"], noise=0.02)
    takes = without_stops(Recordings([frames], ["a"], fps=FPS), 10)
    words = np.array(["take", "turn", "place", "background"])
    random = np.random.default_rng(0)
    labels = words[np.repeat(random.integers(0, 4, 200), 10)]
    table = segments(takes.replace([labels]))
    if format == "labels":
        table = segments(with_stops(takes.replace([labels])))
    path = tmp_path / f"a{FORMATS[format].suffix}"
    write_segments(table.drop(columns="recording"), path, format=format)
    found = read_segments(path, recordings=takes)["a"]
    assert found.tolist() == labels.tolist()
    if format == "labels":  # corrected: an action goes on in the stop
        lines = np.array(path.read_text().splitlines())
        assert len(lines) == len(frames)
        lines[is_still] = "take"
        path.write_text("\n".join(lines))
        again = read_segments(path, recordings=takes)["a"]
        assert again.tolist() == labels.tolist()


def test_a_model_cuts_out_like_its_own(tmp_path):
    for name in ("a", "b"):
        frames, _, _ = line(STOPS["inside"], noise=0.02, seed=ord(name))
        table = pd.DataFrame(frames, columns=list("wxyz"))
        table = table.assign(time=np.arange(len(frames)) / FPS)
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    takes = read_recordings(tmp_path, pauses=10)
    model = HMMSegmenter(3, random_state=0).fit(takes)
    again = read_recordings(tmp_path / "b.csv", like=model)
    assert len(again[0]) == 2000
    assert list_stops(model.predict(again))["start"].tolist() == [540]
    with pytest.raises(ValueError, match="pauses"):
        read_recordings(tmp_path / "b.csv", like=model, pauses=20)
    with pytest.raises(ValueError, match=r"pauses .* nan, expected a posi"):
        read_recordings(tmp_path / "b.csv", pauses=np.nan)


@pytest.mark.parametrize("drift", [0, 4])
def test_a_jam_in_which_a_feature_swings_is_no_stop(drift):
    frames, _, is_still = line([(540, 130)], noise=0.02)
    jam = np.repeat(frames[[1500]], 1500, axis=0)
    random = np.random.default_rng(0)
    jam += 0.02 * random.normal(size=jam.shape)
    jam[:, 2] += np.sin(0.8 * np.arange(1500)) + np.linspace(0, drift, 1500)
    frames = np.concatenate([frames[:1500], jam, frames[1500:]])
    takes = without_stops(Recordings([frames], fps=FPS), 10)
    expected = spans_of(is_still).tolist()
    assert list_stops(takes)[["start", "end"]].to_numpy().tolist() == expected
