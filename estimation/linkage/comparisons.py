"""How two records are compared, field by field: the levels of agreement, for Splink."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from splink.internals.comparison_creator import ComparisonCreator

#: Columns that the comparisons of a field look at.
COLUMNS = {
    "surname": ("surname",), "given": ("given",), "patronymic": ("patronymic",),
    "birth": ("birth_day", "birth_year", "birth_text", "birth_swapped"),
    "death": ("death_day",), "place": ("place",), "sex": ("sex",),
}  # fmt: skip

#: Pairs of columns on which records agree while the other fields are trained.
TRAINED_WITHIN = (
    ("surname", "given"), ("birth_day", "given"), ("surname", "death_day"),
    ("birth_day", "patronymic"), ("given", "patronymic", "death_day"), ("surname", "birth_day"),
    ("surname", "place"), ("given", "patronymic", "place"),
)  # fmt: skip


def comparisons(fields: tuple[str, ...]) -> list[ComparisonCreator]:
    """Return the comparisons of fields, in their order.

    Parameters
    ----------
    fields : tuple of str
        Of `estimation.linkage.prepare.FIELDS`.
    """
    from splink import comparison_library

    levels: dict[str, list[Any]] = {
        "surname": _name_levels("surname"), "given": _name_levels("given"),
        "patronymic": _name_levels("patronymic"), "birth": _birth_levels(),
        "death": _death_levels(), "place": _name_levels("place", close=(0.9,), initials=False),
        "sex": _equal_levels("sex"),
    }  # fmt: skip
    return [
        comparison_library.CustomComparison(levels[name], output_column_name=name)
        for name in fields
    ]  # fmt: skip


def _name_levels(
    column: str, *, close: tuple[float, ...] = (0.92, 0.8), initials: bool = True
) -> list[Any]:
    from splink import comparison_level_library as library

    # rare names weigh more; below a tenth of a thousandth a frequency is hardly known
    exact = library.ExactMatchLevel(column).configure(
        tf_adjustment_column=column, tf_adjustment_weight=1.0, tf_minimum_u_value=1e-5
    )  # fmt: skip
    initial = library.CustomLevel(
        f"(length({column}_l) = 1 or length({column}_r) = 1) "
        f"and substr({column}_l, 1, 1) = substr({column}_r, 1, 1)",
        label_for_charts="one is the initial of the other",
    )  # fmt: skip
    return [
        library.NullLevel(column), exact, *([initial] if initials else []),
        *(library.JaroWinklerLevel(column, one) for one in close), library.ElseLevel(),
    ]  # fmt: skip


def _equal_levels(column: str) -> list[Any]:
    from splink import comparison_level_library as library

    return [library.NullLevel(column), library.ExactMatchLevel(column), library.ElseLevel()]


def _birth_levels() -> list[Any]:
    from splink import comparison_level_library as library

    def custom(condition: str, label: str) -> Any:
        return library.CustomLevel(condition, label_for_charts=label)

    near = library.Or(
        library.DamerauLevenshteinLevel("birth_text", 1),
        custom("birth_day_l = birth_swapped_r", "day and month exchanged"),
        custom(
            "substr(birth_text_l, 6) = substr(birth_text_r, 6) "
            "and abs(birth_year_l - birth_year_r) = 1", "a year apart",
        ),
    )  # fmt: skip
    no_day = "(birth_day_l is null or birth_day_r is null)"
    return [
        custom("birth_year_l is null or birth_year_r is null", "missing").configure(
            is_null_level=True
        ),
        # a date that stands for "not known" is frequent, and weighs less
        library.ExactMatchLevel("birth_day").configure(
            tf_adjustment_column="birth_day", tf_adjustment_weight=1.0, tf_minimum_u_value=1e-5
        ),
        near.configure(label_for_charts="one error"),
        custom(f"{no_day} and abs(birth_year_l - birth_year_r) <= 1", "years that fit"),
        custom("abs(birth_year_l - birth_year_r) <= 1", "close years"),
        library.ElseLevel(),
    ]  # fmt: skip


def _death_levels() -> list[Any]:
    from splink import comparison_level_library as library

    def within(days: int) -> Any:
        condition = f"abs(death_day_l - death_day_r) <= {days}"
        return library.CustomLevel(condition, label_for_charts=f"within {days} days")

    missing = library.CustomLevel("death_day_l is null or death_day_r is null", "missing")
    return [
        missing.configure(is_null_level=True),
        # many die on one day: that two did says less on such a day
        library.ExactMatchLevel("death_day").configure(
            tf_adjustment_column="death_day", tf_adjustment_weight=1.0, tf_minimum_u_value=1e-5
        ),
        within(7), within(31), within(366), library.ElseLevel(),
    ]  # fmt: skip
