"""The command ``skl-tot``; a private package."""
