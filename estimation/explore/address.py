"""The address of the page: what is asked, the stored run beside it, answers that were kept."""

from __future__ import annotations

import dataclasses
from urllib.parse import parse_qsl, urlencode

from estimation.explore.state import MOST_PARTS, State

#: Answers that may be kept, and letters of the name of a run and of a kept state.
MOST_KEPT, _LONGEST = 4, 600


@dataclasses.dataclass(frozen=True)
class Asked:
    """All that an address holds.

    Parameters
    ----------
    state : State
        What is asked now.
    run : str
        The stored run that it began with; nothing without one.
    kept : tuple of State
        Answers that are shown beside it, at most `MOST_KEPT`.
    """

    state: State
    run: str = ""
    kept: tuple[State, ...] = ()

    def to_query(self) -> str:
        """Return the part of the address after the question mark."""
        more = [("run", self.run)] if self.run else []
        more += [("kept", one.to_query()) for one in self.kept]
        return "&".join(one for one in (self.state.to_query(), urlencode(more)) if one)

    @staticmethod
    def from_query(query: str, start: State | None = None) -> tuple[Asked, tuple[str, ...]]:
        """Return what an address asks, and what of it was not understood.

        Parameters
        ----------
        query : str
            With or without the question mark.
        start : State, optional
            What is asked where the address says nothing of it.
        """
        query = query.removeprefix("?")
        try:
            pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_PARTS)
        except ValueError:
            alone = State.from_query(query, start)
            return Asked(alone[0]), alone[1]
        run = next((word for name, word in pairs if name == "run"), "")
        rest = [(name, word) for name, word in pairs if name not in ("run", "kept")]
        state, said = State.from_query(urlencode(rest), start)
        kept, dropped = kept_states([word for name, word in pairs if name == "kept"])
        problems = [*said]
        if len(run) > _LONGEST:
            run = ""
            problems.append("Address: the name of the run is too long and is ignored.")
        if dropped:
            problems.append("Address: holds kept answers that cannot be read; they are left out.")
        return Asked(state, run, kept), tuple(problems)


def kept_states(queries: object) -> tuple[tuple[State, ...], bool]:
    """Return states of their addresses, and whether some were left out.

    Parameters
    ----------
    queries : object
        A list of texts; anything else in it is left out.
    """
    given = queries if isinstance(queries, list) else []
    found: list[State] = []
    for query in given[: MOST_KEPT + 1]:
        if not isinstance(query, str) or not query or len(query) > _LONGEST:
            continue
        state, problems = State.from_query(query)
        if not problems and state not in found:
            found.append(state)
    return tuple(found[:MOST_KEPT]), len(found[:MOST_KEPT]) < len(given)
