"""The command ``skl-tot``."""
