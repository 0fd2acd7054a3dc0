"""The command doctor: installed packages, devices and their faults."""

import importlib
import platform
import re
import sys
from importlib import metadata
from pathlib import Path

import skl_tot
from skl_tot.app.cli.registry import command
from skl_tot.extras import EXTRAS
from skl_tot.recordings import one_line

MODULES = {"scikit-learn": "sklearn"}  # others have the name of the distribution
LOADED = {"timm"}  # extras to import, as builds below them must match torch
LINE = re.compile(r"([\w.-]+)([^;]*)(;.*extra.*)?")


@command(
    "print versions, devices and extras, with their faults",
    "skl-tot doctor",
)
def doctor():
    """Print versions and faults; the status is 1 for a fault of a required package."""
    folder = Path(skl_tot.__file__).parent
    print(f"skl-tot {skl_tot.__version__} in {folder}")
    print(f"Python {platform.python_version()}, {platform.platform()}")
    required, bounds = _read_requirements()
    print("\nrequired packages")
    faults = [] if required else ["skl-tot is not installed: pip install skl-tot"]
    for name in required:
        version, fault = check_package(name, bounds[name], MODULES.get(name, name))
        print(f"  {name:<14} {fault or version}")
        if fault:
            faults.append(f"{name}: {fault}; pip install -U '{name}{bounds[name]}'")
    print("\ndevices")
    for line in _describe_devices():
        print(f"  {line}")
    print("\nextras")
    for extra, modules in EXTRAS.items():
        names = dict.fromkeys(modules.values())
        print(f"  {extra:<14} {_describe_extra(extra, names, bounds)}")
    print("\nencodings")
    print(f"  console {_encoding_of_console()}, names of files ", end="")
    print(sys.getfilesystemencoding())
    print()
    for fault in faults:
        print(f"skl-tot doctor: {fault}")
    if not faults:
        print("All required packages are installed.")
    return 1 if faults else 0


def _read_requirements():
    """Return required packages, and bounds of all packages, from the installation."""
    required, bounds = [], {}
    try:
        lines = metadata.requires("skl-tot") or []
    except metadata.PackageNotFoundError:
        lines = []
    for line in lines:
        name, bound, extra = LINE.match(line.replace(" ", "")).groups()
        bounds[name] = bound
        if extra is None:
            required.append(name)
    return required, bounds


def check_package(name, bound="", module=None):
    """Version of a distribution, and its fault or None.

    ``module``, if given, is imported.
    """
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return "", "missing"
    try:
        if module is not None:
            importlib.import_module(module)
    except Exception as error:  # broken libraries raise many types
        return version, f"{version} does not load ({one_line(error)})"
    if bound and not _is_within(version, bound):
        return version, f"{version} is too old or too new, expected {bound}"
    return version, None


def _is_within(version, bound):
    """Whether a version is within bounds, or cannot be compared."""
    try:
        from packaging.specifiers import SpecifierSet
    except ImportError:
        return True  # `packaging` is reported itself
    return SpecifierSet(bound).contains(version, prereleases=True)


def _describe_devices():
    """Lines about torch and its devices."""
    try:
        from skl_tot.training import describe_devices

        return describe_devices()
    except Exception as error:  # a broken torch raises many types
        return [f"unknown, as torch does not load ({one_line(error)})"]


def _describe_extra(extra, names, bounds):
    """List the packages of an extra, or give the install command."""
    found, faults = [], []
    for name in names:
        module = name if name in LOADED else None
        version, fault = check_package(name, bounds.get(name, ""), module)
        if fault:
            faults.append(f"{name} {fault}")
        else:
            found.append(f"{name} {version}")
    if faults:
        return f"{', '.join(faults)}: pip install -U 'skl-tot[{extra}]'"
    return ", ".join(found)


def _encoding_of_console():
    """Name the encoding of the console, with advice for others than UTF-8."""
    encoding = getattr(sys.stdout, "encoding", None) or "unknown"
    if encoding.lower().replace("-", "") == "utf8":
        return encoding
    return f"{encoding} (PYTHONUTF8=1 shows all names)"
