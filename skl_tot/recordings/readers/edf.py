"""Signals of EDF and BDF files, read by edfio."""

from collections import Counter

from skl_tot.recordings.errors import import_extra, warn_user
from skl_tot.recordings.readers.base import Reader


def recognises(path):
    """Whether a file has the header of EDF or BDF."""
    with open(path, "rb") as file:
        return file.read(8) in (b"0       ", b"\xffBIOSEMI")


def read(path):
    """Signals of the most frequent rate, and that rate."""
    import pandas as pd

    edfio = import_extra("edfio")
    is_edf = path.suffix.lower() == ".edf"
    signals = (edfio.read_edf if is_edf else edfio.read_bdf)(path).signals
    if not signals:
        raise ValueError("it has no signals, expected some.")
    rates = Counter(float(signal.sampling_frequency) for signal in signals)
    fps = max(rates, key=lambda rate: (rates[rate], rate))
    others = [signal.label for signal in signals if signal.sampling_frequency != fps]
    if others:
        most = f"most have {fps:g} samples per second"
        warn_user(f"{path}: {others} are left out; {most}.")
    columns = {}
    for signal in signals:
        if signal.sampling_frequency == fps:
            name = signal.label or "signal"
            name += f" {len(columns)}" if name in columns else ""
            columns[name] = signal.data
    return {path.stem: pd.DataFrame(columns)}, fps


READER = Reader(recognises, read, (".edf", ".bdf"))
