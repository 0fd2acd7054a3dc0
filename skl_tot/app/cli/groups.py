"""Groups of recordings, from a table of recordings, patients or subjects."""

from skl_tot.app.cli.shared import count


class Groups:
    """Group and subject of each recording, from a table."""

    def __init__(self, groups, group_column=None):
        import pandas as pd

        from skl_tot.recordings.disk import find_separator
        from skl_tot.recordings.errors import one_line

        self.path, self.group = one_line(groups), group_column
        options = {"dtype": str, "keep_default_na": False, "encoding": "utf-8-sig"}
        try:
            with open(groups, encoding="utf-8-sig") as file:
                separator = find_separator(file.readline())
            self.table = pd.read_csv(groups, sep=separator, **options)
        except ValueError as error:  # the base of pandas' errors
            raise ValueError(f"{self.path} is no table: {one_line(error)}") from error
        # a short row has NaN in its last cells
        self.table = self.table.fillna("").apply(lambda column: column.str.strip())
        if group_column is None:
            self.group = self._called("group")
        elif group_column not in self.table:
            self._refuse_columns(f"{group_column!r} of --group-column among them")

    def pick(self, names):
        """Return groups, and subjects or None, of recordings by name; print how."""
        from skl_tot.recordings.errors import repeated

        by, found = self._match(names)
        group, subject = self.group or self._find_group(by), self._called("subject")
        if subject is None and any(place for place, _ in found.values()):
            subject = by
        what = f"one row of each, with its name in {by!r}, the start of it, or a part "
        what += "between separators"
        bad = {own: keys for own, (_, keys) in found.items() if len(keys) != 1}
        self._refuse(bad, what)
        used = {key for _, (key,) in found.values()}
        rows = self.table.drop_duplicates([by, group, subject or by])
        rows = rows[rows[by].isin(used)].set_index(by, drop=False)
        for name in repeated(rows.index)[:1]:
            raise ValueError(f"{self.path} has {name!r} twice, expected once.")
        rows = rows.loc[[key for _, (key,) in found.values()]]
        picked = [own and dict(zip(found, rows[own])) for own in (group, subject)]
        for column, own in zip((group, subject), picked):
            empty = {name: () for name, value in (own or {}).items() if not value}
            self._refuse(empty, f"each cell of {column!r} filled")
        said = _describe_names(found)
        print(f"{self.path}: {by!r} names {said}; {group!r} the groups.")
        if subject is not None and (subject != by or len(used) < len(found)):
            print(f"Recordings of one {subject!r} count as one subject.")
        unused = self.table[by].nunique() - len(used)
        if unused:
            print(f"{count(unused, 'row')} of {self.path} without a recording.")
        return picked

    def _called(self, word):
        names = self.table.columns
        return next((own for own in names if own.strip().casefold() == word), None)

    def _match(self, names):
        """Column that names most recordings, and its values for each of them."""
        from skl_tot.recordings.names import keys_in_names

        said = self._called("recording")
        columns = [own for own in self.table if own != self.group]
        found = {}
        for own in [said] if said else columns:
            found[own] = keys_in_names(self.table[own].unique(), names)
        if not found:
            self._refuse_columns("one that names the recordings, and one called group")
        return max(
            found.items(), key=lambda own: sum(3 - k for k, _ in own[1].values())
        )

    def _find_group(self, by):
        """Find the only other column in which most values occur several times."""
        numbers = self.table.drop(columns=[by, self._called("subject") or by]).nunique()
        few = numbers.index[(numbers > 1) & (2 * numbers <= len(self.table))]
        if len(few) != 1:
            self._refuse_columns("one called group, or --group-column to name it")
        return few[0]

    def _refuse_columns(self, expected):
        from skl_tot.recordings.errors import short_repr

        columns = short_repr(list(self.table.columns))
        raise ValueError(f"{self.path} has the columns {columns}, expected {expected}.")

    def _refuse(self, bad, expected):
        """Refuse all recordings without one row, by name, with the rows they have."""
        if bad:
            rows = ((k, f" ({' and '.join(v)})" if v else "") for k, v in bad.items())
            names = ", ".join(f"{name!r}{found}" for name, found in rows)
            what = f"not one group for {names}, expected {expected}"
            raise ValueError(f"{self.path} has {what}.")


def _describe_names(found):
    """Words on the matches of `keys_in_names` of all recordings."""
    said = count(len(found), "recording")
    for place, word in ((1, "the start"), (2, "a part")):
        own = [(name, key) for name, (k, (key,)) in found.items() if k == place]
        if own:
            said += f", {'all' if len(own) == len(found) else len(own)} by {word} of "
            said += f"the name, as {own[0][1]!r} of {own[0][0]!r}"
    return said
