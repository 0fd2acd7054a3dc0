"""Times that are written as text, held against what a reader of them would say."""

import numpy as np
import pandas as pd
import pytest

from skl_tot.recordings import read_recordings
from skl_tot.recordings.clocks import read_times


def series(*cells):
    return pd.Series(cells, dtype="string")


TIMES = {
    ("0", "0.5"): [0, 0.5],
    ("1e3", "2E3"): [1000, 2000],
    ("1", ""): [1, np.nan],
    ("00:00:00,5", "00:00:01"): [0.5, 1],
    ("06:00:00,090", "06:00:00,123"): [21600.09, 21600.123],
    ("1:02.5", "61:03,0"): [62.5, 3663],
    ("2 days 00:00:01", "1 day, 0:00:02.5"): [172801, 86402.5],
    (None, "00:00:01"): [np.nan, 1],
    ("2024-01-01 06:00:00,090", "2024-01-01T06:00:01"): [0, 0.91],
    ("2024-01-31 10:00:00+01:00", "2024-01-31 10:00:00Z"): [0, 3600],
    ("13/02/2024 10:00:00", "13/02/2024 10:00:01,5"): [0, 1.5],
    ("01/02/24 10:00", "01/02/24 10:01"): [0, 60],  # either way
    ("31.01.2024", "01.02.2024 00:00:01"): [0, 86401],
    ("12/31/2024 11:59:59 PM", "01/01/2025 12:00:00 AM"): [0, 1],
    ("01/12/2024 23:59:59", "02/12/2024 00:00:00"): None,  # a day, or a month
}


@pytest.mark.parametrize(("cells", "seconds"), TIMES.items())
def test_times(cells, seconds, capfd):
    if seconds is None:
        with pytest.raises(ValueError, match="may start with the day or the month"):
            read_times(series(*cells))
        return
    np.testing.assert_allclose(read_times(series(*cells))[0], seconds, atol=1e-9)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (("1,234", "2,345"), "'1,234' in row 0 is no time"),
        (("0", "500", "1,000"), "'1,000' in row 2 is no time"),
        (("0", "1,040,000"), "'1,040,000' in row 1 is no time in the format of '0'"),
        (("1.5", "1,5"), "'1,5' in row 1 is no time"),
        (("10:01", "10:02"), "'10:01' may be minutes and seconds, or hours and"),
        (("00:00:01", None, "x", "00:00:03"), "'x' in row 2 is no time in the f"),
        (("30.02.2024", "01.03.2024"), "'30.02.2024' and others are no dates of a"),
        (("10:00:00:12", "10:00:00:13"), "'10:00:00:12' in row 0 is no time"),
        (("11:59:59 PM", "11:59:59 PM"), "'11:59:59 PM' in row 0 is no time"),
        (("noon", "one"), "'noon' in row 0 is no time"),
        (("2024-01-01 25:00:00",), "2024-01-01 25:00:00"),
    ],
)
def test_no_times(cells, message):
    with pytest.raises(ValueError, match=message):
        read_times(series(*cells))


def read(tmp_path, text, **options):
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    return read_recordings(tmp_path / "a.csv", **options)


class TestFiles:
    @pytest.mark.parametrize(
        "text",
        [
            "time_us;x\n0;5\n20,000;6\n1,040,000;1\n",
            "time_us\tx\n0\t0,5\n20,000\t1,5\n",
        ],
    )
    def test_thousands_are_refused(self, tmp_path, text):
        with pytest.raises(ValueError, match=r"'20,000' may .*expected decimals with"):
            read(tmp_path, text)

    @pytest.mark.parametrize("n_whole", [5, 3000])
    def test_a_decimal_comma_that_comes_late(self, tmp_path, n_whole):
        rows = [f"{i};{i % 7}" for i in range(n_whole)]
        rows += [f"{n_whole};0,25", f"{n_whole + 1},0;3"]
        (take,) = takes = read(tmp_path, "time;x\n" + "\n".join(rows))
        assert take["x"].iloc[-2] == 0.25
        assert takes.times[0][-1] == n_whole + 1
        (take,) = read(tmp_path, "x;y\n1,234;5,678\n2,345;6,789\n", fps=10)
        assert take.to_numpy().tolist() == [[1.234, 5.678], [2.345, 6.789]]

    @pytest.mark.parametrize("fps", [30, 100])
    def test_resampling_seconds_since_1970(self, tmp_path, fps):
        """The last frame is kept, however times are rounded."""
        for start in 1.7e9 + np.random.default_rng(0).uniform(size=20):
            table = pd.DataFrame({"time": start + np.arange(200) / fps})
            take = read(tmp_path, table.assign(x=table["time"] % 1).to_csv(index=False))
            assert len(take[0]) == 200
            same = read_recordings(tmp_path / "a.csv", resample=fps)
            assert len(same[0]) == 200
            np.testing.assert_allclose(same[0]["x"], take[0]["x"], atol=1e-6)

    def test_other_units_than_seconds(self, tmp_path):
        rows = [f"{1_700_000_000_000 + 50 * i},{i * i}" for i in range(9)]
        with pytest.warns(UserWarning, match=r"'a' starts at 1\.7e\+12 s and gives 0"):
            read(tmp_path, "time,x\n" + "\n".join(rows))
        assert read(tmp_path, "time_ms,x\n" + "\n".join(rows)).fps == 20
        days = [f"{45292 + i / 864000},{i * i}" for i in range(9)]
        with pytest.warns(UserWarning, match="starts at 45292 s and gives 8"):
            read(tmp_path, "time,x\n" + "\n".join(days))

    def test_clocks_of_float32(self, tmp_path):
        clock = (np.arange(100) / 10).astype(np.float32)
        table = pd.DataFrame({"time": clock, "x": np.sin(clock)})
        table.to_parquet(tmp_path / "a.parquet")
        take = read_recordings(tmp_path / "a.parquet")
        assert take.times[0].tolist() == [i / 10 for i in range(100)]
