"""Previews: what of `sluice:previews` contradicts the rest of the config, and which are past their day.

In: the whole document, or its previews and a day. Out: lines for a person. That a preview gets no share is refused
here, for every way to `up`: a preview becomes a release only by losing its entry in `sluice:previews.open`.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pulumi

from components.config_model import Document, ReleaseEntry
from components.config_previews import Previews


def faults(document: Document) -> Iterator[str]:
    """What to write instead, by path."""
    opened, limit = document.previews.open, document.previews.limit
    if len(opened) > limit:
        yield (
            f"sluice:previews.open: {len(opened)} previews ({', '.join(opened)}), and sluice:previews.limit is "
            f"{limit}; `python -m ops preview close PULL` removes one, or write a higher limit"
        )
    first: dict[int, str] = {}
    for version, one in opened.items():
        path = f"sluice:previews.open.{version}"
        if other := first.get(one.pull):
            yield f"{path}: pull request {one.pull} has a preview already, {other}; leave one of them"
        first.setdefault(one.pull, version)
        if version in document.traffic:
            yield (
                f"sluice:traffic.{version}: it is the preview of pull request {one.pull}, and a preview gets no share; "
                f"`python -m ops preview promote {one.pull}` releases it, or take it out of sluice:previews.open"
            )
        entry = document.releases.get(version)
        if entry is None:
            yield f"{path}: {version} is not in sluice:releases; list it there, or remove it here"
        else:
            yield from _of_entry(path, version, entry, document)


def _of_entry(path: str, version: str, entry: ReleaseEntry, document: Document) -> Iterator[str]:
    size, most = entry.size or document.service.size, allowed(document.previews, document.service.size)
    if entry.external:
        yield f"{path}: an external release is nobody's preview; remove it here"
    elif size > most:
        yield (
            f"sluice:releases.{version}.size: {size}: a preview has at most {most}; write size: {most}, or a higher "
            "sluice:previews.size"
        )


def allowed(previews: Previews, size: int) -> int:
    """How many instances a preview may have, in a service whose slices have *size*."""
    return size if previews.size is None else previews.size


def today() -> date:
    """The day by which previews expire: it is the same everywhere."""
    return datetime.now(UTC).date()


def expired(previews: Previews, day: date) -> list[str]:
    """The versions whose last day was before *day*, in the config's order."""
    return [version for version, one in previews.open.items() if one.until < day]


def told(previews: Previews, day: date) -> list[str]:
    """A line for each that is open."""
    over = expired(previews, day)
    return [
        f"{version} is the preview of pull request {one.pull}"
        + (
            f", which expired on {one.until}: `python -m ops gc --yes` removes it"
            if version in over
            else f" until {one.until}"
        )
        for version, one in previews.open.items()
    ]


def warn(previews: Previews) -> None:
    """Warn of those that have expired, in the running program."""
    lines = zip(previews.open, told(previews, today()), strict=True)
    for line in [line for version, line in lines if version in expired(previews, today())]:
        pulumi.log.warn(line)
