"""The receiver's settings: what is wrong is said by name, with what to write instead."""

import pytest
from ruamel.yaml import YAML

from pipeline.errors import SettingsError
from pipeline.settings import load, parse
from tests.pipeline.conftest import GITHUB

GOOD = """\
services:
  shop: { stack: prod, image: docker.io/acme/shop, tags: ["main-*"], commit_tag: "main-{short}", github: acme/shop }
senders: { github: github }
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "github").write_bytes(GITHUB + b"\n")
    return tmp_path


def test_what_is_left_out_has_a_sensible_value(folder):
    (folder / "pipeline.yaml").write_text(GOOD)
    settings = load(folder / "pipeline.yaml")
    shop = settings.services["shop"]
    assert (settings.host, settings.port, settings.folder) == ("127.0.0.1", 9000, folder / ".sluice/pipeline")
    assert settings.secrets == {"github": GITHUB}
    assert (shop.branch, shop.poll, shop.patience) == ("main", 300, 3600)
    assert (settings.api, settings.token) == (None, None)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("stack: prod", "stak: prod", r"services.shop.stak is no key of this program; known here: stack, image, "),
        ("stack: prod", "stack: prod/x", r"services.shop.stack: 'prod/x': it is no name of a stack; write stack: prod"),
        (
            "docker.io/acme/shop",
            "shop:1",
            r"services.shop.image: 'shop:1': it is no repository with its registry; write",
        ),
        ('["main-*"]', "[]", r"services.shop.tags: \[\]: it is empty"),
        ("main-{short}", "main", r"commit_tag: 'main': it is no tag with {commit} or {short}; write commit_tag"),
        ("main-{short}", "{short}{x}", r"commit_tag: .*: it is no tag with"),
        ("github: github", "github: nothing", r"senders.github: .*nothing: No such file or directory"),
        ("{ github: github }", "{}", r"senders: nobody is heard; name the file of a secret"),
        (
            "services:",
            "listen: 9000\nservices:",
            r"listen: 9000: it is no address with a port; write listen: 127.0.0.1:9000",
        ),
        ("senders:", "poll: 3\nsenders:", r"pipeline.yaml: poll is no key of this program"),
    ],
)
def test_what_is_wrong_is_said_by_name(folder, before, after, said):
    assert before in GOOD
    with pytest.raises(SettingsError, match=said):
        parse(YAML(typ="safe").load(GOOD.replace(before, after)), folder)


@pytest.mark.parametrize("secret", ["short", "with a space in it, and long enough for that", "ü" * 40, ""])
def test_a_secret_that_can_be_guessed_is_refused_and_not_shown(folder, secret):
    (folder / "github").write_text(secret)
    with pytest.raises(SettingsError, match="openssl rand -hex 24") as refused:
        parse(YAML(typ="safe").load(GOOD), folder)
    assert not secret or secret not in str(refused.value)


@pytest.mark.parametrize("text", ["services: [", "just a word", "- a\n- list"])
def test_a_file_that_is_something_else_is_said(folder, text):
    (folder / "pipeline.yaml").write_text(text)
    with pytest.raises(SettingsError, match=r"pipeline\.yaml"):
        load(folder / "pipeline.yaml")


def test_a_file_that_is_not_there_is_said_with_where_to_look(folder):
    with pytest.raises(SettingsError, match=r"No such file or directory; docs/pipeline\.md shows"):
        load(folder / "pipeline.yaml")
