"""Tags that the provider gives to everything."""

from rehearsal.aws_provider.lifecycle import own_tags


def test_default_tags_are_no_tags_of_its_own_unless_the_program_gives_them_too() -> None:
    live = {"stack": "dev", "a": "b"}
    assert own_tags(live, {"a": "b"}, {"stack": "dev"}) == {"a": "b"}
    assert own_tags(live, {"stack": "dev"}, {"stack": "dev"}) == {"stack": "dev", "a": "b"}
