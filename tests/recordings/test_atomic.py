"""Files that cannot be written say why, and leave nothing."""

import numpy as np
import pytest

from skl_tot.recordings.files import replaced, replaced_files, write_array


@pytest.mark.parametrize("array", [np.ones((90, 40)), np.ones((40, 90)).T])
def test_files_that_do_not_fit(tmp_path, limited, array):
    limited("FSIZE", 4096)
    for name, make in (("a.npy", replaced), ("out", replaced_files)):
        with (
            pytest.raises(OSError, match=f"File too large: '.*{name}'$"),
            make(tmp_path / name) as path,
        ):
            write_array(path / "b.npy" if name == "out" else path, array)
        assert list(tmp_path.iterdir()) == []
