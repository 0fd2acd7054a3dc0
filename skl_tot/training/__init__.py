"""Learning of networks and prototypes; all code with torch."""
