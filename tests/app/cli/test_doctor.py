"""What `skl-tot doctor` says of an installation, whole or broken."""

import io
import subprocess
import sys
from importlib import metadata

import pytest

import skl_tot
from skl_tot.app.cli import doctor
from skl_tot.extras import EXTRAS

LINES = ["numpy>=1.26", "torch<3,>=2.6", 'matplotlib>=3.8; extra == "plot"']
LINES += ["scikit-learn>=1.6", 'h5py>=3.8 ; extra == "files"']


@pytest.fixture
def versions(monkeypatch):
    """What seems to be installed, by distribution, and is not loaded."""
    found = {"numpy": "2.0", "torch": "2.7.0+cpu", "scikit-learn": "1.6"}
    found |= {name: "9.0" for extra in EXTRAS.values() for name in extra.values()}

    def version(name):
        if name not in found:
            raise metadata.PackageNotFoundError(name)
        return found[name]

    monkeypatch.setattr(metadata, "version", version)
    monkeypatch.setattr(metadata, "requires", lambda _: LINES)
    monkeypatch.setattr(doctor.importlib, "import_module", lambda _: None)
    return found


@pytest.fixture
def ask(run, capsys):
    """Run the command; returns its status and lines."""

    def ask():
        status = run("doctor")
        shown = capsys.readouterr()
        assert shown.err == ""
        return status, shown.out.splitlines()

    return ask


def test_what_is_whole(versions, ask):
    status, lines = ask()
    assert status == 0
    assert lines[0].startswith(f"skl-tot {skl_tot.__version__} in ")
    assert sys.version.split()[0] in lines[1]
    assert "  torch          2.7.0+cpu" in lines
    assert any(line.startswith("  torch is built for ") for line in lines)
    assert f"  review         {'starlette 9.0, uvicorn 9.0'}" in lines
    assert lines[-1] == "All required packages are installed."


def test_what_is_old(versions, ask):
    versions |= {"numpy": "1.9.3", "torch": "3.0"}
    status, lines = ask()
    assert status == 1
    assert lines[-2:] == [
        "skl-tot doctor: numpy: 1.9.3 is too old or too new, expected >=1.26; "
        "pip install -U 'numpy>=1.26'",
        "skl-tot doctor: torch: 3.0 is too old or too new, expected <3,>=2.6; "
        "pip install -U 'torch<3,>=2.6'",
    ]


def test_what_is_missing(versions, ask):
    del versions["scikit-learn"]
    status, lines = ask()
    assert status == 1
    assert lines[-1].endswith("missing; pip install -U 'scikit-learn>=1.6'")


def test_an_extra_that_is_missing_or_old_is_no_fault(versions, ask):
    del versions["uvicorn"]
    versions["h5py"] = "3.1"
    status, lines = ask()
    assert status == 0
    assert "  review         uvicorn missing: pip install -U 'skl-tot[review]'" in lines
    old = "h5py 3.1 is too old or too new, expected >=3.8"
    assert f"  files          {old}: pip install -U 'skl-tot[files]'" in lines


def test_versions_before_a_release_are_compared(versions, ask):
    versions["torch"] = "2.6.0a0+git1"
    assert ask()[0] == 1
    versions["torch"] = "2.8.0a0+git1"
    assert ask()[0] == 0


def test_what_is_not_installed_itself(monkeypatch, ask):
    def requires(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", requires)
    status, lines = ask()
    assert status == 1
    assert lines[-1] == (
        "skl-tot doctor: skl-tot is not installed: pip install skl-tot"
    )


@pytest.mark.parametrize("text", ["raise OSError('libc10.so:\\n not there')", "1 / 0"])
def test_libraries_that_break_when_they_load(tmp_path, text):
    for name in ("torch", "numpy", "pandas", "scipy"):
        (tmp_path / f"{name}.py").write_text(text)
    code = (
        "import sys; from skl_tot.app.cli.main import main; sys.exit(main(['doctor']))"
    )
    code = f"sys.path.insert(0, {str(tmp_path)!r}); {code}"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {code}"],
        capture_output=True,
        encoding="utf-8",
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert "skl-tot doctor: torch: " in done.stdout
    assert "  unknown, as torch does not load (" in done.stdout
    assert "does not load (libc10.so: not there)" in done.stdout or "1 / 0" in text


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [("utf-8", "utf-8"), ("cp1252", "cp1252 (PYTHONUTF8=1 shows all names)")],
)
def test_encoding_of_the_console(versions, run, monkeypatch, encoding, expected):
    console = io.TextIOWrapper(io.BytesIO(), encoding)
    monkeypatch.setattr(sys, "stdout", console)
    assert run("doctor") == 0
    shown = console.buffer.getvalue().decode(encoding)
    assert f"  console {expected}, names of files " in shown
