"""Lines of `skl-tot doctor` about an installation, whole or broken."""

import sys
from importlib import metadata
from pathlib import Path

import pytest

import skl_tot
from skl_tot.recordings.errors import EXTRAS

LINES = ["numpy>=1.26", "torch<3,>=2.6", 'matplotlib>=3.8; extra == "plot"']


@pytest.fixture
def versions(monkeypatch):
    """Versions that seem to be installed, by distribution; a test may change them."""
    installed = {"numpy": "2.0", "torch": "2.7.0+cpu", "skl-tot": "1"}
    installed |= {name: "9.0" for extra in EXTRAS.values() for name in extra.values()}

    def read(name):
        if name not in installed:
            raise metadata.PackageNotFoundError(name)
        return installed[name] if name != "skl-tot" else LINES

    monkeypatch.setattr(metadata, "version", read)
    monkeypatch.setattr(metadata, "requires", read)
    return installed


def test_all_is_there(versions, run, capsys):
    assert run("doctor") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"skl-tot {skl_tot.__version__} in ")
    assert "  torch          2.7.0+cpu" in lines
    assert any(line.startswith("  torch is built for ") for line in lines)
    assert "  review         starlette 9.0, uvicorn 9.0" in lines


@pytest.mark.parametrize(
    ("name", "status"), [("numpy", 1), ("skl-tot", 1), ("uvicorn", 0)]
)
def test_a_package_is_missing(versions, run, capsys, name, status):
    """The command that installs it is that of a checkout."""
    del versions[name]
    assert run("doctor") == status  # without an extra, all is well
    root = Path(skl_tot.__file__).parents[1]
    target = f"{root}[review]" if name == "uvicorn" else root
    (line,) = [x for x in capsys.readouterr().out.splitlines() if "pip install" in x]
    assert name in line
    assert line.endswith(f"pip install -e '{target}'")


def test_a_torch_that_does_not_load(run, capsys, tmp_path, monkeypatch):
    (tmp_path / "torch.py").write_text("raise OSError('libc10.so:\\n not there')")
    for name in ("torch", "skl_tot.training.devices", "skl_tot.training.torch_later"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    run("doctor")
    assert "does not load (libc10.so: not there)" in capsys.readouterr().out
