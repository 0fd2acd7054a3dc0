"""The rate of arrays, from the file beside them."""

import numpy as np
import pytest

from skl_tot.recordings.reading import (
    RATE_FILE,
    rate_of_arrays,
    read_rate,
    read_recordings,
    write_rate,
)


@pytest.fixture
def folder(tmp_path):
    """Two arrays."""
    for name in ("a", "b"):
        np.save(tmp_path / f"{name}.npy", np.ones((4, 2)))
    return tmp_path


@pytest.mark.parametrize("fps", [10.0, 29.97, 1 / 3])
def test_round_trip(folder, fps):
    write_rate(folder, fps)
    assert read_rate(folder) == fps
    recordings = read_recordings(folder)
    assert recordings.fps == fps
    assert recordings.names == ["a", "b"]
    assert read_recordings(folder, fps=fps).fps == fps


def test_no_file(folder):
    assert read_rate(folder) is None
    assert read_recordings(folder).fps is None
    assert read_recordings(folder, fps=25).fps == 25


def test_contradictions(folder, tmp_path_factory):
    write_rate(folder, 10.0)
    with pytest.raises(ValueError, match=r"says 10 frames per second, expected 30 as"):
        read_recordings(folder, fps=30)
    other = tmp_path_factory.mktemp("other")
    write_rate(other, 30.0)
    with pytest.raises(ValueError, match=r"says 30 frames per second, expected 10 as"):
        rate_of_arrays([folder / "a.npy", folder / "b.npy", other / "c.npy"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{", "is no JSON"),
        ("[10]", "expected an object with a number"),
        ('{"rate": 10}', "expected an object with a number"),
        ('{"fps": "10"}', "expected an object with a number"),
        ('{"fps": true}', "expected an object with a number"),
        ('{"fps": 0}', "fps is 0, expected a positive number"),
        ('{"fps": NaN}', "fps is nan, expected a positive number"),
        ('{"fps": -5}', "fps is -5, expected a positive number"),
    ],
)
def test_broken_files(folder, text, expected):
    (folder / RATE_FILE).write_text(text)
    with pytest.raises(ValueError, match=rf"{RATE_FILE}.* {expected}") as caught:
        read_recordings(folder)
    assert "\n" not in str(caught.value)
