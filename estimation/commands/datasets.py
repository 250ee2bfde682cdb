"""``undercount datasets``: the tables that come with the package."""

from __future__ import annotations

import argparse
import dataclasses
import json
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
    rows = [("name", "rows", "as of", "what")]
    rows += [(one.name, f"{one.rows:,}", one.as_of, one.title) for one in every]
    wide = [max(len(row[place]) for row in rows) for place in range(3)]
    return [
        f"{name:<{wide[0]}}  {count:>{wide[1]}}  {day:<{wide[2]}}  {what}"
        for name, count, day, what in rows
    ]


def _page(dataset: Dataset, *, quiet: bool) -> list[str]:
    from estimation.datasets.load import dataset_path

    path = str(dataset_path(dataset.name))
    if quiet:
        return [path]
    wide = max(map(len, dataset.columns))
    reads = [
        f"{key} = {value!r}"
        for key in ("count", "period", "step", "stratum", "dating")
        if (value := getattr(dataset, key)) is not None
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
        f"file     {path}",
        "",
        "caveats",
        *(f"  - {caveat}" for caveat in dataset.caveats),
    ]
    return lines
