"""One tree of errors: what is wrong, where, why it matters for the estimate, what to do.

The tree lives on the ground floor because models refuse bad values themselves;
``estimation.errors`` hands the same names on and adds those that only estimation raises.
"""


class UndercountError(Exception):
    """Base of all errors that a user can act on.

    Parameters
    ----------
    what : str
        What is wrong, as a clause without a full stop.
    where : str
        The place: argument, file, table cell.
    why : str
        Why it matters for the estimate.
    remedy : str
        What to do about it.
    """

    exit_code = 5

    def __init__(self, what: str, *, where: str = "", why: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.why, self.remedy = what, where, why, remedy

    def __str__(self) -> str:
        """Return the message on one line."""
        place = f"{self.where}: " if self.where else ""
        reason = f" ({self.why})" if self.why else ""
        advice = f"; {self.remedy}" if self.remedy else ""
        return " ".join(f"{place}{self.what}{reason}{advice}".split())

    def inside(self, outer: str) -> "UndercountError":
        """Return the same error with an outer place put before its own."""
        self.where = f"{outer}.{self.where}" if self.where else outer
        return self


class InvalidValueError(UndercountError, ValueError):
    """A value that no model can take: wrong type, out of range, not finite."""

    exit_code = 3


class NotEstimableError(UndercountError):
    """The data and the assumptions do not determine the total."""

    exit_code = 4


class RefusedError(UndercountError):
    """The estimate could be computed but would mislead."""

    exit_code = 4
