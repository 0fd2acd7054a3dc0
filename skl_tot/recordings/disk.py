"""Text files, names of files, and files that are written completely or not at all."""

import codecs
import contextlib
import csv
import glob
import json
import os
import re
import secrets
import shutil
import unicodedata
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from skl_tot.recordings.errors import one_line


def read_text(path):
    """Text of a file in UTF-8, or in UTF-16 by its byte order mark."""
    content = Path(path).read_bytes()
    # spreadsheets write UTF-16 for text beyond ASCII
    is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        place = f"{one_line(path)} is no text in {error.encoding.upper()}, line {line}"
        raise ValueError(f"{place}; save it as UTF-8.") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def split_lines(text):
    """Lines of text of `read_text`, split not at form feeds and others."""
    return text.removesuffix("\n").split("\n")


def find_separator(header):
    """Find which of comma, semicolon and tab gives most cells; a comma if none."""
    n_cells = {}
    for separator in ",;\t":
        try:
            cells = next(csv.reader([header], delimiter=separator), [])
        except csv.Error as error:  # a cell of many characters
            raise ValueError(f"its first line is no header: {error}.") from error
        n_cells[separator] = len(cells)
    return max(n_cells, key=n_cells.get)


def parse_json(path, text):
    """Content of JSON text from ``path``."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:  # numbers and depth as well
        said = f"{one_line(path)} is no JSON ({one_line(error)}); write it again."
        raise ValueError(said) from error


def is_line(text):
    """Whether text is one line, not blank, of characters that files can hold."""
    # control characters, unassigned ones, surrogates, and line separators
    refused = {"Cc", "Cn", "Cs", "Zl", "Zp"}
    return bool(text.strip()) and refused.isdisjoint(map(unicodedata.category, text))


def is_file_name(text):
    """Whether text, with a suffix, is a valid file name on all systems."""
    refused = set('/\\<>:"|?*') | set(map(chr, range(32)))
    is_plain = bool(text.strip()) and text[0] != "." and not set(text) & refused
    # devices of Windows, also with a suffix
    devices = r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[1-9¹²³]) *(\.|$)"
    return is_plain and re.match(devices, text, re.IGNORECASE) is None


def text_of_name(name):
    r"""File name as text; invalid bytes become ``\xff``."""
    try:
        return os.fsencode(name).decode(errors="backslashreplace")
    except UnicodeEncodeError:  # no file name on this system
        return name.encode(errors="backslashreplace").decode()


def natural_key(name):
    """Sort key of a name, with "take 2" before "take 10"."""
    parts = re.findall(r"(\D*)(\d*)", name)
    return [(text, int(number or -1)) for text, number in parts], name


def find_same_files(names):
    """Two names that differ only in case, one file on Windows; None if none do."""
    seen = {}
    for name in names:
        key = unicodedata.normalize("NFC", name).casefold()
        if key in seen:
            return seen[key], name
        seen[key] = name
    return None


IS_WINDOWS = os.name == "nt"


def is_pattern(path):
    """Whether a path is a shell pattern of the names of files in a folder."""
    return glob.has_magic(os.path.basename(path)) and not os.path.lexists(path)


@contextlib.contextmanager
def replaced(path):
    """Write to a temporary file, and rename it to ``path`` after success."""
    path = Path(os.path.realpath(path))  # follow a link
    check_target(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _folder_in(path.parent) as folder:
        temporary = folder / path.name
        with _named_errors(temporary, path):
            yield temporary
        _move(temporary, path)


@contextlib.contextmanager
def replaced_files(folder):
    """Write files to a temporary folder, and move them to ``folder`` after success."""
    folder = Path(folder)
    check_target(folder, is_folder=True)
    place = folder if folder.is_dir() else folder.parent
    place.mkdir(parents=True, exist_ok=True)
    with _folder_in(place) as temporary:
        with _named_errors(temporary, folder):
            yield temporary
        paths = list(temporary.iterdir())
        folder.mkdir(exist_ok=True)
        for path in paths:
            check_target(folder / path.name)
        for path in paths:
            _move(path, folder / path.name)


@contextlib.contextmanager
def _folder_in(place):
    # folders of `tempfile` belong to one user on Windows, and moved files keep that
    folder = Path(place, f".skl-tot-{secrets.token_hex(8)}")
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def check_target(path, is_folder=False):
    """Raise an error before the work if a file or folder cannot be written."""
    path = Path(path)
    place = path if is_folder and path.is_dir() else path.parent
    place = next(x for x in (place, *place.parents) if x.exists())  # others are made
    if not place.is_dir():
        raise FileExistsError(f"{place} is no folder, cannot write {path}.")
    if not os.access(place, os.W_OK):
        raise PermissionError(f"{place} is not writable, cannot write {path}.")
    is_expected = path.is_dir() if is_folder else path.is_file()
    if path.exists() and not is_expected:
        kind = "folder" if is_folder else "file"
        raise FileExistsError(f"{path} is there, and no {kind}.")
    if IS_WINDOWS and path.is_file():
        with _no_other_program(path), open(path, "r+b"):
            pass


def write_array(path, array):
    """Write a ``.npy`` file; an error gives the reason."""
    with open(path, "wb") as file:  # numpy's error gives only the bytes written
        np.save(SimpleNamespace(write=file.write), array)


def _move(path, target):
    with _no_other_program(target):
        os.replace(path, target)


@contextlib.contextmanager
def _no_other_program(path):
    try:
        yield
    except PermissionError as error:
        raise PermissionError(
            f"{path} cannot be replaced, as another program has it open or it is "
            "read-only; close it there, or write elsewhere."
        ) from error


@contextlib.contextmanager
def _named_errors(temporary, path):
    try:
        yield
    except OSError as error:
        if error.errno is not None:
            name = str(error.filename or temporary)
            error.filename = name.replace(str(temporary), str(path))
        raise
