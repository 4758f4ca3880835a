"""What an instance's process is told."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.aws.user_data import env_file
from rehearsal.cloud.boot import UserDataError, environment, release_variables


def config(content, path="/etc/sluice/release.env"):
    files = [{"path": path, "content": content}]
    return f"#cloud-config\n{json.dumps({'write_files': files, 'runcmd': [['true']]}, ensure_ascii=False)}"


def test_what_the_release_says_is_over_what_is_there_and_the_address_over_both():
    found = environment({"A": "outer", "B": "outer"}, config('A="inner"\nPORT="80"\n'), "127.0.0.1", 20_001)
    assert found == {"A": "inner", "B": "outer", "HOST": "127.0.0.1", "PORT": "20001"}


@pytest.mark.parametrize("user_data", ["", "\n", "#cloud-config\n{}", "#!/bin/sh\n", config('A="1"', path="/etc/motd")])
def test_no_release_file_is_no_variables(user_data):
    assert release_variables(user_data) == {}


def test_cloud_config_that_cannot_be_read_is_refused():
    with pytest.raises(UserDataError, match="not cloud-config"):
        release_variables("#cloud-config\n{")


NAMES = st.from_regex(r"[A-Z_][A-Z0-9_]*", fullmatch=True)
VALUES = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]))


@given(st.dictionaries(NAMES, VALUES))
def test_what_the_program_writes_is_read_as_it_was_meant(variables):
    assert release_variables(config(env_file(variables))) == variables
