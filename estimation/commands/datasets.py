"""``undercount datasets``: the tables that come with the package."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from estimation.commands.common import common_options

if TYPE_CHECKING:
    from estimation.datasets.load import Dataset


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "datasets", parents=[common_options(prob=False)],
        help="tables that come with undercount: what they hold, where they come from",
    )  # fmt: skip
    parser.add_argument("name", nargs="?", metavar="NAME", help="describe this one")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the list or one description; return 0."""
    from estimation.datasets.load import describe_dataset, describe_datasets

    if arguments.name is None:
        every = describe_datasets()
        if arguments.json:
            _print_json(arguments, datasets=[_plain(one) for one in every])
        else:
            print("\n".join(_list(every, quiet=arguments.quiet)))
        return 0
    dataset = describe_dataset(arguments.name)
    if arguments.json:
        _print_json(arguments, dataset=_plain(dataset), data=_data(dataset.name))
    else:
        print("\n".join(_page(dataset, quiet=arguments.quiet)))
    return 0


def _print_json(arguments: argparse.Namespace, **found: Any) -> None:
    print(json.dumps({"seed": arguments.seed, **found}))


def _plain(dataset: Dataset) -> dict[str, Any]:
    from estimation.datasets.load import dataset_path

    return {**dataclasses.asdict(dataset), "path": str(dataset_path(dataset.name))}


def _data(name: str) -> list[dict[str, Any]]:
    """Return the rows; an empty field is null."""
    from estimation.datasets.load import load_dataset

    found: list[dict[str, Any]] = json.loads(load_dataset(name).to_json(orient="records"))
    return found


def _list(every: tuple[Dataset, ...], *, quiet: bool) -> list[str]:
    if quiet:
        return [one.name for one in every]
    lines = _aligned(
        ("name", "rows", "as of", "what"),
        [(one.name, f"{one.rows:,}", one.as_of, one.title) for one in every if not one.part],
    )
    lists = [
        (one.name, f"{one.rows:,}", str(len(one.lists) or ""), _or_nothing(one.true_total),
         one.as_of, one.title)
        for one in every if one.part == "lists"
    ]  # fmt: skip
    head = ("name", "rows", "lists", "truth", "as of", "what")
    return [*lines, "", "overlapping lists, and captures by their number",
            *_aligned(head, lists)]  # fmt: skip


def _or_nothing(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _aligned(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return lines of a table: names and words to the left, numbers to the right."""
    right = {place for place, name in enumerate(head) if name in ("rows", "lists", "truth")}
    wide = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return [
        "  ".join(
            field.rjust(wide[place]) if place in right else field.ljust(wide[place])
            for place, field in enumerate(row)
        ).rstrip()
        for row in (head, *rows)
    ]


def _page(dataset: Dataset, *, quiet: bool) -> list[str]:
    from estimation.datasets.load import dataset_path

    path = str(dataset_path(dataset.name))
    if quiet:
        return [path]
    wide = max(map(len, dataset.columns))
    reads = [
        f"{key} = {value!r}"
        for key in ("count", "period", "step", "stratum", "dating", "lists", "strata", "occasions")
        if (value := getattr(dataset, key)) not in (None, ())
    ]
    lines = [
        f"{dataset.name}: {dataset.title}",
        f"{dataset.rows:,} rows, as of {dataset.as_of}" + (", partial" if dataset.partial else ""),
        "",
        "columns",
        *(f"  {name:<{wide}}  {what}" for name, what in dataset.columns.items()),
        "",
        f"source   {dataset.source}",
        f"license  {dataset.license}",
        *([f"read as  {', '.join(reads)}"] if reads else []),
        *([f"truth    {dataset.true_total:,} in all"] if dataset.true_total is not None else []),
        f"file     {path}",
        "",
        "caveats",
        *(f"  - {caveat}" for caveat in dataset.caveats),
    ]
    return lines
