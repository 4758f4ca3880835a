"""What the engine knows of a stack, as plain data."""

import pytest

from ops.errors import ConfigError
from ops.facts import Slice, State, Update
from tests.ops.conftest import AMI, OTHER, update


def test_an_update_tells_its_traffic_and_releases():
    one = update({"v1": 255, "v2": 745}, v1=AMI, v2=OTHER)
    assert one.traffic == {"v1": 255, "v2": 745}
    assert one.releases == {"v1": {"ami": AMI}, "v2": {"ami": OTHER}}


@pytest.mark.parametrize("values", [{}, {"sluice:traffic": "[secret]"}, {"sluice:traffic": "[1]"}])
def test_an_update_whose_traffic_cannot_be_read_has_none(values):
    one = Update(update({"v1": 1000}).at, "succeeded", values)
    assert one.traffic is None
    assert one.releases == {}


def test_settings_are_refused_with_every_fault(stack):
    stack.file.write_text("config: {sluice:platform: aws, sluice:bogus: 1}\n")
    with pytest.raises(ConfigError, match=r"(?s)sluice:service is missing.*sluice:bogus is no key"):
        stack.config().settings()


def test_slices_are_known_from_the_outputs_and_from_what_a_failed_up_has_built(stack):
    made = {"group": "arn:2", "fleet": "f2"}
    outputs = {"sluice": {"slices": {"v0": {"artifact": "ami-0", "group": "arn:0", "fleet": None}}}}
    state = State(outputs, {"shop-v2": made})
    assert state.known(stack.config().settings()) == {
        "v0": Slice("ami-0", "arn:0", None),
        "v2": Slice(AMI, "arn:2", "f2"),
    }
    assert [state.stands("shop", version) for version in ("v1", "v2")] == [False, True]


def test_what_is_listed_as_running_already_is_known_by_its_target_group(stack):
    arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/old/0123456789abcdef"
    stack.file.write_text(
        stack.file.read_text().replace("    v1:", f'    old: {{external: {{target_group: "{arn}"}}}}\n    v1:')
    )
    assert State({}, {}).known(stack.config().settings()) == {"old": Slice(arn, arn, None)}
