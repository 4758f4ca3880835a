"""`down`: nobody is served, then every slice goes."""

import pytest

from ops.down import down
from ops.errors import ConfigError, EngineError
from ops.facts import State
from rollout.routers.interface import Live
from tests.ops.conftest import FILE


@pytest.fixture(autouse=True)
def released(stack, cloud) -> None:
    """v1 and v2 stand."""
    stack.builds("v1", "v2")
    stack.recorded = State({"sluice": {}}, stack.recorded.slices)


def test_first_nobody_is_served_then_the_slices_go(stack, said):
    down(stack, said.append, None)
    assert stack.ups == ["ops: serve nobody", "ops: remove every slice"]
    assert stack.environments == 2 * [{"SLUICE_DOWN": "test"}]
    first, second = (line for line in said if line.startswith("# our shop"))
    assert first == FILE.replace("{v2: 100}", "{}")
    assert second == stack.file.read_text()
    assert "  sluice:releases: {}\n  sluice:traffic: {}\n" in second
    assert "no slice stands any more" in said[-1]


def test_it_asks_for_the_stacks_name(stack, said):
    asked = []
    down(stack, said.append, lambda question: asked.append(question) or "test")
    assert asked == ["v1, v2 of stack test will be gone, and clients read a 503. Its name to go on"]
    assert len(stack.ups) == 2


@pytest.mark.parametrize("answer", ["", "yes", "TEST"])
def test_another_answer_changes_nothing(stack, said, answer):
    with pytest.raises(ConfigError, match=r"not the stack's name\. Nothing was changed"):
        down(stack, said.append, lambda _: answer)
    assert (stack.file.read_text(), stack.ups) == (FILE, [])


@pytest.mark.parametrize(("outputs", "file"), [({}, FILE), ({"sluice": {}}, "config:\n  sluice:traffic: {}\n")])
def test_where_no_slice_stands_there_is_nothing_to_do(stack, said, outputs, file):
    stack.recorded = State(outputs, {})
    stack.file.write_text(file)
    down(stack, said.append, pytest.fail)
    assert (stack.file.read_text(), stack.ups) == (file, [])


def test_who_is_still_served_stays_declared(stack, cloud, said):
    stack.refuse(EngineError("another walk is on"))
    with pytest.raises(EngineError, match="declares v2 100 again"):
        down(stack, said.append, None)
    assert (stack.file.read_text(), len(stack.ups)) == (FILE, 1)


def test_a_slice_that_does_not_go_is_listed_again_and_nobody_is_served(stack, cloud, said):
    def act() -> None:
        if len(stack.ups) == 2:
            cloud.shares = Live({}, None)
            stack.builds("v2")
            raise EngineError("v2 still gets requests")

    stack.act = act
    with pytest.raises(
        EngineError, match=r"v1 is gone\nv2 still stands.*\nNobody is served\. Run `python -m ops down`"
    ):
        down(stack, said.append, None)
    assert [one.version for one in stack.config().settings().releases] == ["v2"]
    assert "sluice:traffic: {}" in stack.file.read_text()
