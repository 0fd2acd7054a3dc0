"""Check that wheel and source archive hold what git has, and nothing else."""

import subprocess
import tarfile
import zipfile
from pathlib import Path

# Of the place where the project is developed, of no use to who builds it.
NOT_IN_SOURCE = (".", "CODE_OF_CONDUCT.md", "SECURITY.md")
ABOUT = {"licenses/LICENSE", "METADATA", "RECORD", "WHEEL", "entry_points.txt"}


def main():
    """Compare the archives in ``dist`` with the files that git knows."""
    listed = subprocess.run(["git", "ls-files"], stdout=subprocess.PIPE, check=True)
    tracked = {
        name for name in listed.stdout.decode().splitlines() if Path(name).exists()
    }
    (wheel,), (source,) = Path("dist").glob("*.whl"), Path("dist").glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    inside = {name for name in names if ".dist-info/" not in name}
    compare(wheel, inside, {name for name in tracked if name.startswith("skl_tot/")})
    about = {name.partition(".dist-info/")[2] for name in names - inside}
    compare(wheel, about, ABOUT)
    with tarfile.open(source) as archive:
        found = {own.name.partition("/")[2] for own in archive if own.isfile()}
    kept = {name for name in tracked if not name.startswith(NOT_IN_SOURCE)}
    compare(source, found, kept | {".gitignore", "PKG-INFO"})  # which hatch adds
    for path in (wheel, source):
        print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")


def compare(path, found, expected):
    """Leave with 1 if an archive lacks files, or has others."""
    lacking, more = sorted(expected - found), sorted(found - expected)
    if lacking or more:
        raise SystemExit(f"{path.name} lacks {lacking} and has {more} besides.")


if __name__ == "__main__":
    main()
