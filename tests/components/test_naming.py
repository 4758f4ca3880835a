"""Names and numbers derived from versions: within AWS's limits, and the same for life."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import naming
from components.config_types import VERSION

SERVICES = st.from_regex(r"[a-z][a-z0-9-]{0,18}[a-z0-9]", fullmatch=True)
VERSIONS = st.from_regex(VERSION, fullmatch=True)
SUFFIX = "-0123abc"  # Pulumi's


@given(SERVICES, VERSIONS)
def test_a_slices_name_is_one_that_a_target_group_may_have(service, version):
    name = naming.logical(service, version) + SUFFIX
    assert re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?", name), name


@given(SERVICES, st.lists(VERSIONS, min_size=2, max_size=8, unique=True))
def test_no_two_versions_have_one_name(service, versions):
    assert len({naming.logical(service, version) for version in versions}) == len(versions)


@pytest.mark.parametrize(
    ("service", "version", "name"),
    [
        ("shop", "v42", "shop-v42"),
        ("shop", "2026.11.24", "shop-2026-11-24-a39247"),
        ("shop", "2026_11_24", "shop-2026-11-24-c41559"),
        ("twenty-characters-xx", "v42", "twenty-characters-xx-v42"),
        ("twenty-characters-xx", "v420", "twenty-characters-4ec60e"),
    ],
)
def test_a_name_reads_as_its_version_where_it_can_and_never_changes(service, version, name):
    assert naming.logical(service, version) == name


@given(SERVICES, VERSIONS)
def test_priorities_are_within_what_an_alb_takes_and_isolation_comes_first(service, version):
    isolation, weighted = naming.isolation_priority(service, version), naming.weighted_priority(service)
    assert 1 <= isolation < 40_000 <= weighted <= 50_000


def test_priorities_never_change():
    assert naming.isolation_priority("shop", "v42") == 11_026
    assert naming.weighted_priority("shop") == 49_281


def test_versions_that_would_share_a_priority_are_found():
    assert naming.collisions("shop", ["v1", "v30", "v2", "v119"]) == [("v30", "v119")]
    assert naming.collisions("other", ["v1", "v30", "v2", "v119"]) == []


def test_without_a_salt_the_header_says_the_version():
    assert naming.isolation_value("v42", None) == "v42"


@given(VERSIONS, VERSIONS, st.text(min_size=16, max_size=40), st.text(min_size=16, max_size=40))
def test_with_a_salt_nobody_can_guess_it_from_another_versions(version, other, salt, other_salt):
    value = naming.isolation_value(version, salt)
    assert re.fullmatch(re.escape(version) + "-[0-9a-f]{16}", value)
    assert value == naming.isolation_value(version, salt)
    secret = {naming.isolation_value(v, s).rpartition("-")[2] for v in (version, other) for s in (salt, other_salt)}
    assert len(secret) == len({version, other}) * len({salt, other_salt})


@given(VERSIONS)
def test_a_header_condition_takes_it(version):
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,128}", naming.isolation_value(version, "0123456789abcdef"))
