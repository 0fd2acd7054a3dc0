"""The command ``skl-tot``; nothing of it is public."""
