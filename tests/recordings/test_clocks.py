"""What a clock says: its unit, its rate, its gaps."""

import warnings

import numpy as np
import pandas as pd
import pytest

from skl_tot.recordings import read_recordings


@pytest.mark.parametrize("name", ["unix_time", "DateTime (ms)", "date_time"])
def test_other_names_are_clocks_if_there_is_no_usual_one(name, tmp_path):
    clock = np.arange(30) / 10
    table = pd.DataFrame({name: clock, "x": np.sin(clock)})
    table.to_csv(tmp_path / "a.csv", index=False)
    assert read_recordings(tmp_path).reading["time"] == name
    table.assign(time=clock).to_csv(tmp_path / "a.csv", index=False)
    with pytest.warns(UserWarning, match="are called as clocks are, but are features"):
        assert read_recordings(tmp_path).reading["time"] == "time"


def test_days_that_are_taken_for_seconds(tmp_path):
    clock = 45292 + np.arange(30) / 864000
    table = pd.DataFrame({"time": clock, "x": np.sin(np.arange(30))})
    table.to_csv(tmp_path / "a.csv", index=False)
    with pytest.warns(UserWarning, match="starts at 45292 s and gives 8"):
        read_recordings(tmp_path)


@pytest.mark.parametrize(("step", "is_gap"), [(1.4, False), (1.6, True)])
def test_a_gap_is_one_and_a_half_usual_steps(step, is_gap, tmp_path):
    clock = np.append(np.arange(20.0), 19 + step + np.arange(20.0))
    table = pd.DataFrame({"time": clock, "x": np.sin(clock)})
    table.to_csv(tmp_path / "a.csv", index=False)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fps = read_recordings(tmp_path).fps
    assert (fps == 1) == is_gap  # without the gap all steps are alike
    assert any("gap" in str(warning.message) for warning in caught) == is_gap
