"""Running commands, and rules that their errors keep to."""

import numpy as np
import pytest

from skl_tot.app.cli.main import main


@pytest.fixture(autouse=True)
def _draw_nowhere(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")


@pytest.fixture(scope="session")
def run():
    """Run a command; returns its status."""

    def run(command):
        try:
            return main(command.split())
        except SystemExit as error:
            return error.code

    return run


@pytest.fixture
def refuses(run, capsys):
    """Run a command that is refused in one line, with a message, and writes nothing."""

    def refuses(command, message, folder):
        before = listing(folder)
        capsys.readouterr()
        assert run(command) == 2
        error = capsys.readouterr().err
        assert message in error
        assert error.startswith("skl-tot")
        assert error.count("\n") == 1
        assert listing(folder) == before

    return refuses


def listing(folder):
    """Times of files, and what else there is."""
    paths = list(folder.rglob("*"))
    return {path: path.is_dir() or path.stat().st_mtime_ns for path in paths}


@pytest.fixture(scope="session")
def write_clip():
    """Encode grey pictures that become brighter."""

    def write_clip(path, n_frames, rate):
        av = pytest.importorskip("av")
        with av.open(path, "w") as container:
            stream = container.add_stream("mpeg4", rate=rate)
            stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
            for i in range(n_frames):
                picture = np.full((48, 64, 3), 240 * i // n_frames, np.uint8)
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))

    return write_clip
