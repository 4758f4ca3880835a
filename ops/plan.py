"""`plan [--to VERSION]`: what the next `pulumi up` would do, or a return to VERSION, without touching anything.

In: the stack file, or that file with other traffic. Out: the plan that the program's own preview tells, how ready each
slice is that would gain share, which previews there are, and what the engine would make and delete.
"""

from ops import stackfile
from ops.change import candidate
from ops.prospect import prospect
from ops.stack import Preview, Stack
from ops.stackfile import StackFile
from ops.target import published

NAMES = {"create": "to create", "update": "to update", "replace": "to replace", "delete": "to delete"}


def plan(stack: Stack, to: str | None) -> list[str]:
    """The plan in lines; OpsError when the program refuses it, with the reason that `up` would give."""
    file = stackfile.load(stack.file)
    if to is not None:
        file = _going_to(stack, file, to)
    *told, engine = expected(stack, file)
    ahead = prospect(stack, file)
    found = (*ahead.lines, *ahead.report.previews) if ahead else ()
    return [*told, *(f"  {line}" for line in found), engine]


def expected(stack: Stack, file: StackFile) -> list[str]:
    """What the program's own preview tells of *file*, and in the last line what the engine would do."""
    with candidate(file) as path:
        found = stack.preview(path)
    return [*found.plan, _changes(found)]


def markdown(stack: Stack, lines: list[str]) -> str:
    """*lines* as a comment on a pull request."""
    return "\n".join([f"### Rollout plan of stack `{stack.name}`", "", "```text", *lines, "```"])


def _going_to(stack: Stack, file: StackFile, version: str) -> StackFile:
    if version not in file.releases:
        file = file.with_releases({version: published(stack.updates(), version, file.releases)}, first=True)
    return file.with_traffic({version: 100})


def _changes(found: Preview) -> str:
    counts = [f"{found.changes[op]} {words}" for op, words in NAMES.items() if found.changes.get(op)]
    return f"engine: {', '.join(counts) or 'nothing to change'}"
