"""What is asked on the page: to and from the address, to a model, to a study, to a command."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from estimation.errors import InvalidValueError, UndercountError
from estimation.explore.fields import BY_NAME, MASSES, PRIORS, RANGES, SHAPES, place

if TYPE_CHECKING:
    from estimation.summaries.agreement import Published
    from models import Belief, GammaPrior, Model, ScalePrior

#: Draws a chain, of four chains: an answer while the slider moves.
DRAWS = 5_000

_REASON = "asked in the explorer"

#: Parts of an address at most, and numbers beyond which none is taken: no persons are so many.
MOST_PARTS, _LARGEST = 60, 10.0**15

type Number = int | float | None

_CHOICES = {"shape": SHAPES, "prior": PRIORS}
_NUMBERS = (*BY_NAME, "seed")


@dataclasses.dataclass(frozen=True)
class State:
    """All that is asked; a number that is None stands for an empty box.

    Parameters
    ----------
    count : int
        Confirmed names.
    shape : str
        Form of the belief on coverage, one of `fields.SHAPES`.
    low, high, mass : float
        Its range, and the probability of it where it is soft.
    found, checked : int
        An audit that was made: where the belief is what it found.
    precision_low, precision_high : float
        Both 1: every name is true.
    prior : str
        Prior on expected deaths, one of `fields.PRIORS`.
    prior_low, prior_high : float
        Its central 95 %, where it is a gamma.
    published_low, published_high : float
        A range to compare with; both None for none.
    audit : int
        Deaths looked up in an audit to come.
    prob : float
        Level of the interval.
    seed : int
    """

    count: Number = 106_745
    shape: str = "uniform"
    low: Number = 0.45
    high: Number = 0.65
    mass: Number = 0.9
    found: Number = 55
    checked: Number = 100
    precision_low: Number = 1
    precision_high: Number = 1
    prior: str = "scale"
    prior_low: Number = 100_000
    prior_high: Number = 400_000
    published_low: Number = 164_223
    published_high: Number = 237_211
    audit: Number = 100
    prob: Number = 0.95
    seed: Number = 1

    # -- the address ----------------------------------------------------------------------------

    def to_query(self) -> str:
        """Return what the address says of the state: the count, and all that is not as usual."""
        usual = State()
        said = {
            field.name: written(getattr(self, field.name))
            for field in dataclasses.fields(self)
            if field.name == "count" or getattr(self, field.name) != getattr(usual, field.name)
        }
        return urlencode(said)

    @staticmethod
    def from_query(query: str, start: State | None = None) -> tuple[State, tuple[str, ...]]:
        """Return the state of an address, and what of the address was not understood.

        Parameters
        ----------
        query : str
            With or without the question mark.
        start : State, optional
            What is asked where the address is empty: a link says the same everywhere.
        """
        query = query.removeprefix("?")
        usual, problems = State() if query or start is None else start, []
        try:
            pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_PARTS)
        except ValueError:
            return usual, ("Address: has too many parts and is ignored.",)
        values: dict[str, Any] = {}
        for name, word in pairs:
            choices = _CHOICES.get(name)
            if name not in _NUMBERS and choices is None:
                problems.append(f"Address: {name[:40]!r} is unknown and ignored.")
            elif choices is None:
                values[name] = _number(word)
                if values[name] is None and word:
                    problems.append(f"Address: {name} = {word[:40]!r} is no number up to 10^15.")
            elif word in choices:
                values[name] = word
            else:
                problems.append(f"Address: {name} = {word[:40]!r} is none of {', '.join(choices)}.")
        return dataclasses.replace(usual, **values), tuple(problems)

    @staticmethod
    def of(values: Mapping[str, Any]) -> State:
        """Return the state of boxes and choices; what is neither number nor text is empty."""
        numbers: dict[str, Any] = {
            name: _number(value) for name, value in values.items() if name in _NUMBERS
        }
        chosen = {
            name: values[name] for name, choices in _CHOICES.items()
            if isinstance(values.get(name), str) and values[name] in choices
        }  # fmt: skip
        return dataclasses.replace(State(), **numbers, **chosen)

    def settled(self) -> State:
        """Return the same question with all numbers that it does not use as usual."""
        usual = State()
        unused = [] if self.shape in RANGES else ["low", "high"]
        unused += [] if self.shape in MASSES else ["mass"]
        unused += [] if self.shape == "audited" else ["found", "checked"]
        unused += [] if self.prior == "gamma" else ["prior_low", "prior_high"]
        unused += [] if self.soft() else ["audit"]
        return dataclasses.replace(self, **{name: getattr(usual, name) for name in unused})

    # -- what it means --------------------------------------------------------------------------

    def level(self) -> float:
        """Return the level of the interval."""
        from models.checks import probability

        return probability(self._number("prob"), place("prob"))

    def checked_seed(self) -> int:
        """Return the seed."""
        from models.checks import whole

        return whole(self.seed, "seed", why="")

    def published(self) -> Published | None:
        """Return the published range, if there is one.

        Raises
        ------
        InvalidValueError
            If it is none.
        """
        from estimation.summaries.agreement import Published

        if self.published_low is None and self.published_high is None:
            return None
        ends = self._ends("published")
        return _placed("Published range", lambda: Published(*ends))

    def model(self) -> Model:
        """Return the model.

        Raises
        ------
        UndercountError
            If a box is empty or a value impossible; the message names the part of the form.
        """
        from models import Count, Flat, Model

        count = self._number("count")
        losses = Flat(self._prior())
        coverage, precision = self._coverage(), self._precision()
        return _placed(
            "Names", lambda: Model(losses, {"names": Count(count, coverage, precision)})  # type: ignore[arg-type]  # `Count` refuses what is not whole
        )  # fmt: skip

    def soft(self) -> bool:
        """Return whether an audit could move the belief on coverage."""
        return self.shape not in ("uniform", "uniform_total")

    def _coverage(self) -> Belief:
        from models.beliefs import audited, between, uniform, uniform_total

        if self.shape == "audited":
            found, checked = self._number("found"), self._number("checked")
            return _placed("Audit", lambda: audited(found, checked, reason=_REASON))  # type: ignore[arg-type]
        low, high = self._number("low"), self._number("high")
        if self.shape in MASSES:
            mass = self._number("mass")
            return _placed(
                "Coverage", lambda: between(low, high, mass, self.shape, reason=_REASON)
            )  # fmt: skip
        hard = {"uniform": uniform, "uniform_total": uniform_total}[self.shape]
        return _placed("Coverage", lambda: hard(low, high, reason=_REASON))

    def _precision(self) -> Belief:
        from models import known, uniform

        low, high = self._ends("precision")
        if low == high == 1:
            return known(1.0, reason="every listed name is taken as a death in scope")
        return _placed("Precision", lambda: uniform(low, high, reason=_REASON))

    def _prior(self) -> ScalePrior | GammaPrior:
        from models import ScalePrior, gamma_between

        if self.prior == "scale":
            return ScalePrior()
        low, high = self._ends("prior")
        return _placed("Prior", lambda: gamma_between(low, high, reason=_REASON))

    def _ends(self, group: str) -> tuple[float, float]:
        return self._number(f"{group}_low"), self._number(f"{group}_high")

    def _number(self, name: str) -> float:
        value: Number = getattr(self, name)
        if value is None:
            raise InvalidValueError("is empty", where=place(name), remedy="write a number")
        return value

    # -- the same elsewhere ---------------------------------------------------------------------

    def to_toml(self) -> str:
        """Return the text of a study that asks the same.

        Raises
        ------
        UndercountError
            If nothing can be asked: a study that would be refused is not written.
        """
        self.model(), self.published(), self.level()
        title = f"What if: {self.count:,} names, coverage: {SHAPES[self.shape]}"
        lines = [f'title = "{title}"', f"seed = {self.checked_seed()}", ""]
        if self.level() != State().prob:
            # a study has no level: the run is told
            lines.insert(0, f"# {self.to_run()}")
        lines += ["[losses]", 'kind = "flat"', ""]
        if self.prior == "gamma":
            lines += ["[losses.prior]", 'kind = "gamma_between"', *self._lines("prior_"), ""]
        lines += ["[evidence.names]", 'kind = "count"', f"count = {written(self.count)}", ""]
        lines += ["[evidence.names.coverage]", *self._coverage_lines(), ""]
        if not self.precision_low == self.precision_high == 1:
            lines += ["[evidence.names.precision]", 'kind = "uniform"',
                      *self._lines("precision_"), ""]  # fmt: skip
        if self.published_low is not None:
            lines += ["[[published]]", *self._lines("published_", reason=False), ""]
        if self.soft() and isinstance(self.audit, int) and self.audit > 0:
            lines += ["[[audit_plan]]", f"sizes = [{self.audit}]", ""]
        return "\n".join(lines)

    def _coverage_lines(self) -> list[str]:
        reason = f'reason = "{_REASON}"'
        if self.shape == "audited":
            return ['kind = "audited"', f"found = {written(self.found)}",
                    f"checked = {written(self.checked)}", reason]  # fmt: skip
        if self.shape in MASSES:
            return ['kind = "between"', f'shape = "{self.shape}"',
                    f"mass = {written(self.mass)}", *self._lines("")]  # fmt: skip
        return [f'kind = "{self.shape}"', *self._lines("")]

    def _lines(self, prefix: str, *, reason: bool = True) -> list[str]:
        ends = [f"{end} = {written(getattr(self, prefix + end))}" for end in ("low", "high")]
        return [*ends, *([f'reason = "{_REASON}"'] if reason else [])]

    def to_run(self) -> str:
        """Return the command that runs the saved study."""
        level = f" --prob {written(self.prob)}" if self.prob != State().prob else ""
        return f"undercount run what-if.toml{level}"

    def to_command(self) -> str:
        """Return the command that gives the same numbers; nothing where there is none."""
        if self.shape in ("audited", "uniform_total"):
            return ""

        def pair(flag: str, prefix: str) -> list[str]:
            return [flag, *(written(getattr(self, prefix + end)) for end in ("low", "high"))]

        words = ["undercount", "total", written(self.count), *pair("--coverage", "")]
        if self.shape in MASSES:
            words += ["--mass", written(self.mass), "--shape", self.shape]
        if not self.precision_low == self.precision_high == 1:
            words += pair("--precision", "precision_")
        if self.prior == "gamma":
            words += pair("--prior", "prior_")
        if self.published_low is not None:
            words += pair("--published", "published_")
        words += ["--draws", str(DRAWS)]
        for name in ("prob", "seed"):
            if getattr(self, name) != getattr(State(), name):
                words += [f"--{name}", written(getattr(self, name))]
        return " ".join(words)


def _placed[T](where: str, make: Callable[[], T]) -> T:
    """Return what `make` makes; the part of the form goes in front of the place of an error."""
    try:
        return make()
    except UndercountError as error:
        error.where = f"{where}: {error.where}" if error.where else where
        raise


def _number(word: object) -> Number:
    if isinstance(word, bool) or not isinstance(word, str | int | float):
        return None
    try:
        value = float(word)
    except (ValueError, OverflowError):
        return None
    if not abs(value) <= _LARGEST:
        return None
    return int(value) if value.is_integer() else value


def written(value: object) -> str:
    """Return a value as the address, a study and the command line take it."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
