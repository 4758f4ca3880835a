"""`plan [--to VERSION]`: what the next `pulumi up` would do, or a return to VERSION, without touching anything.

In: the stack file, or that file with other traffic. Out: the plan that the program's own preview tells, how ready each
slice is that would gain share, and what the engine would make and delete.
"""

import tempfile
from pathlib import Path

from ops import stackfile
from ops.rollback import published
from ops.stack import Preview, Stack
from ops.stackfile import StackFile
from ops.status import Report, SliceReport, survey

NAMES = {"create": "to create", "update": "to update", "replace": "to replace", "delete": "to delete"}


def plan(stack: Stack, to: str | None) -> list[str]:
    """The plan in lines; OpsError when the program refuses it, with the reason that `up` would give."""
    file = stackfile.load(stack.file)
    if to is not None:
        file = _going_to(stack, file, to)
    with tempfile.TemporaryDirectory() as folder:
        candidate = Path(folder, file.path.name)
        candidate.write_bytes(file.text.encode())
        found = stack.preview(candidate)
    return [*found.plan, *_readiness(survey(stack), file), _changes(found)]


def markdown(stack: Stack, lines: list[str]) -> str:
    """*lines* as a comment on a pull request."""
    return "\n".join([f"### Rollout plan of stack `{stack.name}`", "", "```text", *lines, "```"])


def _going_to(stack: Stack, file: StackFile, version: str) -> StackFile:
    if version not in file.releases:
        file = file.with_releases({version: published(stack.updates(), version, file.releases)}, first=True)
    return file.with_traffic({version: 100})


def _readiness(report: Report, file: StackFile) -> list[str]:
    gaining = [v for v, share in file.traffic.items() if share and share > report.live.get(v, 0)]
    there = {one.version: one for one in report.slices}
    return [f"  {_said(version, there.get(version))}" for version in gaining]


def _said(version: str, one: SliceReport | None) -> str:
    if one is None or one.readiness == "gone":
        return f"{version} is not there yet: its slice is built first"
    return f"{version} is {one.readiness}: {one.healthy} of {one.desired} healthy"


def _changes(found: Preview) -> str:
    counts = [f"{found.changes[op]} {words}" for op, words in NAMES.items() if found.changes.get(op)]
    return f"engine: {', '.join(counts) or 'nothing to change'}"
