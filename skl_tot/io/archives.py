"""Zip archives of models, read only if they do not unpack to too much."""

import zipfile

# A model may unpack to this many bytes, or else to so many times its file: weights are
# hardly smaller when packed, and labels only of a hundred million frames have more.
MAX_UNPACKED = 2**30
MAX_RATIO = 20
# Of the description of its objects: that of a hundred thousand videos.
MAX_SCHEMA = 2**26


def read_archive(file, size):
    """Contents by name of an archive of ``size`` bytes, which is open."""
    contents = {}
    with zipfile.ZipFile(file) as archive:
        check_archive(archive, size)
        for info in archive.infolist():
            with archive.open(info) as part:
                # without a number, it would unpack more before it finds out
                contents[info.filename] = part.read(info.file_size)
    return contents


def check_archive(archive, size):
    """Refuse an open archive that unpacks to too much, by what its directory says."""
    parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    limit = max(MAX_UNPACKED, MAX_RATIO * size)
    if unpacked > limit:
        raise ValueError(
            f"it unpacks to {unpacked} bytes, expected at most {limit} of a model; "
            "compute_labels=False leaves labels_ out"
        )
    for part in parts:
        if part.filename == "schema.json" and part.file_size > MAX_SCHEMA:
            raise ValueError(
                f"its schema.json unpacks to {part.file_size} bytes, expected at most "
                f"{MAX_SCHEMA} of a model"
            )
        if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(
                f"{part.filename} is compressed in a way that save_model does not use"
            )
