"""The receiver's settings: what is wrong is said by name, with what to write instead."""

import pytest
from ruamel.yaml import YAML

from pipeline.errors import SettingsError
from pipeline.page.password import hashed, is_right
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
    assert (shop.branch, shop.poll, shop.patience, shop.signed) == ("main", 300, 3600, False)
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
        (
            "tags:",
            "ami: ami-0123456789abcdef0, signed: true, tags:",
            r"^pipeline.yaml: services.shop: `signed`: cosign signs images, not the `ami` that they run on, .*; remove",
        ),
        ("tags:", "signed: 1, tags:", r"services.shop.signed: 1: it is neither true nor false; write signed: true"),
        ("senders:", "poll: 3\nsenders:", r"pipeline.yaml: poll is no key of this program"),
        (
            "senders:",
            "page: {url: 'http://deploy.example.com'}\nsenders:",
            r"page.url: .*: it is no address without a path, by TLS except on this machine; write url: https://deploy",
        ),
        ("senders:", "page: {url: 'https://x.example/sluice'}\nsenders:", r"page.url: .* without a path"),
        ("senders:", "page: {readers: nobody}\nsenders:", r"page.readers: .*'everyone' or 'operators'"),
        ("senders:", "page: {readers: operators}\nsenders:", r"page.readers: nobody could look; name operators"),
        (
            "senders:",
            "page: {operators: {anna: github}}\nsenders:",
            r"page.operators.anna: what is in .*github is no hash of a password; make one: `python -m ops password >",
        ),
        ("senders:", "page: {operators: {anna: nothing}}\nsenders:", r"page.operators.anna: .*: No such file"),
        ("senders:", "page: {operators: {'a b': github}}\nsenders:", r"page.operators"),
        (
            "senders:",
            "listen: 0.0.0.0:9000\npage: {operators: {anna: github}}\nsenders:",
            r"page.url: it is needed where operators sign in over a network; write the address under which browsers",
        ),
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


def test_the_page_is_read_only_and_for_everyone_unless_operators_are_named(folder):
    page = parse(YAML(typ="safe").load(GOOD), folder).page
    assert (page.operators, page.readers) == ({}, "everyone")


@pytest.mark.parametrize(
    ("more", "origins", "secure"),
    [
        ("", ["http://127.0.0.1:9000", "http://localhost:9000", "http://[::1]:9000"], False),
        ("url: https://deploy.example.com", ["https://deploy.example.com"], True),
    ],
)
def test_forms_are_taken_from_the_pages_own_address_alone(folder, more, origins, secure):
    (folder / "anna").write_text(hashed("correct horse battery") + "\n")
    page = f"page: {{operators: {{anna: anna}}, {more}}}\nsenders:"
    found = parse(YAML(typ="safe").load(GOOD.replace("senders:", page)), folder).page
    assert (sorted(found.origins), found.is_secure) == (sorted(origins), secure)
    assert is_right(found.operators, "anna", "correct horse battery")
    assert not is_right(found.operators, "anna", "correct horse batter")
    assert not is_right(found.operators, "bob", "correct horse battery")
    assert "$argon2" not in repr(found)


@pytest.mark.parametrize("given", ["", "short", "x" * 300])
def test_a_password_that_can_be_guessed_is_no_password(given):
    with pytest.raises(ValueError, match="12 to 256 characters"):
        hashed(given)
