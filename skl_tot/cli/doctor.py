"""The command that says what is installed here, and what is wrong with it: doctor."""

import importlib
import platform
import re
import sys
from importlib import metadata
from pathlib import Path

import skl_tot
from skl_tot.cli.registry import command
from skl_tot.extras import EXTRAS
from skl_tot.recordings.errors import one_line

MODULES = {"scikit-learn": "sklearn"}  # others are called as their distribution
LOADED = {"torchvision"}  # of the extras: its build has to be that of torch
LINE = re.compile(r"([\w.-]+)([^;]*)(;.*extra.*)?")


@command(
    "print versions, devices and extras, and what is wrong with them",
    "skl-tot doctor",
)
def doctor():
    """Print what is installed; status 1 if something that is required is wrong."""
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
        print("All that is required is there.")
    return 1 if faults else 0


def _read_requirements():
    """Names of what is required, and bounds of all packages, from the installation."""
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
    """Version of a distribution, and what is wrong with it, or None.

    It is loaded if its module is given.
    """
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return "", "missing"
    try:
        if module is not None:
            importlib.import_module(module)
    except Exception as error:  # whatever a broken library raises
        return version, f"{version} does not load ({one_line(error)})"
    if bound and not _is_within(version, bound):
        return version, f"{version} is too old or too new, expected {bound}"
    return version, None


def _is_within(version, bound):
    """Whether a version is within bounds, or cannot be compared."""
    try:
        from packaging.specifiers import SpecifierSet
    except ImportError:
        return True  # which is said of `packaging` itself
    return SpecifierSet(bound).contains(version, prereleases=True)


def _describe_devices():
    """Lines about torch and the devices that it finds."""
    try:
        from skl_tot.training.devices import describe_devices

        return describe_devices()
    except Exception as error:  # whatever a broken torch raises
        return [f"unknown, as torch does not load ({one_line(error)})"]


def _describe_extra(extra, names, bounds):
    """Say which packages of an extra are there, or how to install it."""
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
    """Name the encoding of the console, and how to show what it cannot."""
    encoding = getattr(sys.stdout, "encoding", None) or "unknown"
    if encoding.lower().replace("-", "") == "utf8":
        return encoding
    return f"{encoding} (PYTHONUTF8=1 shows all names)"
