"""`down`: all slices go; network, load balancer, listener and data stay.

In: the stack file. Out: first nobody is served (clients read a 503), then each slice leaves by the same proof of zero
traffic as any other. Both are ordinary changes of the stack file and two runs of `up`.
"""

from collections.abc import Callable

from components.settings import PROJECT
from ops import stackfile
from ops.carry import carry_out
from ops.change import Change
from ops.errors import ConfigError, OpsError
from ops.stack import Stack


def down(stack: Stack, say: Callable[[str], None], ask: Callable[[str], str] | None) -> None:
    """Take every slice of *stack* away; *ask* gets the question that its name answers (None: it is not asked)."""
    state, file = stack.state(), stackfile.load(stack.file)
    if PROJECT not in state.outputs and not state.slices:
        say("nothing is released yet: no slice stands")
        return
    if not file.releases and file.serves_nobody and not state.slices:
        say("no slice stands; network, load balancer and data do")
        return
    count = ", ".join(file.releases) or "no release"
    if (
        ask
        and ask(f"{count} of stack {stack.short} will be gone, and clients read a 503. Its name to go on")
        != stack.short
    ):
        raise ConfigError("that is not the stack's name. Nothing was changed")
    meant = {"SLUICE_DOWN": stack.short}
    carry_out(stack, Change(what="serve nobody", traffic={}, environment=meant), say)
    try:
        carry_out(stack, Change(what="remove every slice", gone=list(file.releases), environment=meant), say)
    except OpsError as error:
        raise type(error)(f"{error}\nNobody is served. Run `python -m ops down` again, or release a version") from None
    say("no slice stands any more; network, load balancer and data do: `python -m ops release` begins anew")
