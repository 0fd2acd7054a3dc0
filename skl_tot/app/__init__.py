"""Programs for people: the command line, reports and reviews."""
