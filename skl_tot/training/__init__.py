"""Learning of networks and prototypes; all code with torch."""

from skl_tot.recordings.imports import loader, places

# For the programs on top, see docs/api.md.
_PLACES = places(__name__, devices="describe_devices watched")

__all__ = sorted(_PLACES)

__getattr__ = loader(__name__, _PLACES)
