"""Learning of network and prototypes, and all that computes with torch."""
