"""What `skl-tot doctor` says of an installation, whole or broken."""

import subprocess
import sys
from importlib import metadata

import pytest

import skl_tot
from skl_tot.recordings.errors import EXTRAS

LINES = ["numpy>=1.26", "torch<3,>=2.6", 'matplotlib>=3.8; extra == "plot"']


@pytest.fixture
def versions(monkeypatch):
    """What seems to be installed, by distribution."""
    found = {"numpy": "2.0", "torch": "2.7.0+cpu", "skl-tot": "1"}
    found |= {name: "9.0" for extra in EXTRAS.values() for name in extra.values()}

    def read(name):
        if name not in found:
            raise metadata.PackageNotFoundError(name)
        return found[name] if name != "skl-tot" else LINES

    monkeypatch.setattr(metadata, "version", read)
    monkeypatch.setattr(metadata, "requires", read)
    return found


@pytest.fixture
def ask(run, capsys):
    """Run the command; returns its status and lines."""

    def ask():
        status = run("doctor")
        return status, capsys.readouterr().out.splitlines()

    return ask


def test_what_is_there(versions, ask):
    status, lines = ask()
    assert status == 0
    assert lines[0].startswith(f"skl-tot {skl_tot.__version__} in ")
    assert sys.version.split()[0] in lines[1]
    assert "  torch          2.7.0+cpu" in lines
    assert any(line.startswith("  torch is built for ") for line in lines)
    assert f"  review         {'starlette 9.0, uvicorn 9.0'}" in lines
    assert lines[-1] == "All required packages are installed."


@pytest.mark.parametrize("name", ["numpy", "skl-tot"])
def test_what_is_missing(versions, ask, name):
    del versions[name]
    status, lines = ask()
    assert status == 1
    assert lines[-1] == f"Missing: {name}; pip install -U skl-tot"


def test_an_extra_that_is_missing_is_no_fault(versions, ask):
    del versions["uvicorn"]
    status, lines = ask()
    assert status == 0
    assert "  review         uvicorn missing: pip install 'skl-tot[review]'" in lines


def test_a_torch_that_does_not_load(tmp_path):
    (tmp_path / "torch.py").write_text("raise OSError('libc10.so:\\n not there')")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from skl_tot.app.cli"
    code += ".main import main; sys.exit(main(['doctor']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr == ""
    assert "  unknown, as torch does not load (libc10.so: not there)" in done.stdout
