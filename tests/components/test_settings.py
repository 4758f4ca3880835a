"""Settings: config as the engine hands it over becomes typed values, or is refused as a whole."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.config_model import Document
from components.release import Release
from components.settings import Settings, SettingsError, parse
from tests.configs import AMI, CERTIFICATE, IMAGE, SALT, SECRET, dev_config

OLD = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/old/0123456789abcdef"
SIX = {f"v{number}": {"ami": AMI} for number in range(1, 7)}


def settings(secret: tuple[str, ...] = (), **change: Any) -> Settings:
    return parse(dev_config(**change), secret)


def refusal(secret: tuple[str, ...] = (), **change: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        settings(secret, **change)
    return str(caught.value)


def test_the_dev_stack_is_what_its_file_says():
    dev = settings()
    assert (dev.platform, dev.service.name, dev.salt) == ("aws", "shop", None)
    assert (dev.service.drain, dev.strategy.ready, dev.strategy.steps) == (5, 60, (50, 250, 500))
    assert dev.releases == (Release(version="v1", ami=AMI),)
    assert dev.traffic.shares == {"v1": 1000}
    assert dev.aws == {"region": "us-east-1"}


def test_traffic_for_nobody_is_taken_with_and_without_releases():
    assert settings(traffic={}).traffic.shares == {}
    assert settings(traffic={}, releases={}).releases == ()


def test_what_is_told_to_whom_may_be_secret():
    assert settings(("sluice:notify",), notify=["json://127.0.0.1:1"]).notify == ("json://127.0.0.1:1",)


def test_a_latency_gate_needs_a_count_of_slow_requests():
    source = {"prometheus": {"url": "http://127.0.0.1:9090", "total": "t", "failed": "f"}}
    gates = {"latency": {"over": "300ms"}}
    with pytest.raises(SettingsError, match=r"^sluice:metrics\.prometheus\.slow is missing"):
        settings(metrics=source, rollout={"gates": gates})


def test_a_release_takes_from_the_service_what_it_leaves_out():
    service = {"name": "shop", "port": 9000, "size": 4, "health": "/up", "boot": "2m", "instance": "m7g.large"}
    own = {"ami": AMI, "size": 1, "boot": 0}
    (release,) = settings(service=service, releases={"v1": own}).releases
    assert (release.port, release.health, release.instance) == (9000, "/up", "m7g.large")
    assert (release.size, release.boot) == (1, 0)


def test_a_release_has_everything_that_its_entry_says():
    entry = {"ami": AMI, "image": IMAGE, "env": {"LOG": "debug"}, "secrets": {"DB": SECRET}}
    (release,) = settings(releases={"v1": entry | {"schema": {"reads": [7, 8], "writes": 8}}}).releases
    assert release.spec() == {
        **entry,
        "schema": {"reads": [7, 8], "writes": 8},
        "size": 2,
        "instance": "t3.small",
        "root": "/dev/xvda",
        "port": 8080,
        "health": "/healthz",
        "boot": 300,
    }


def test_an_external_release_has_a_target_group_only():
    (release,) = settings(releases={"old": {"external": {"target_group": OLD}}}, traffic={"old": 100}).releases
    assert release == Release(version="old", target_group=OLD)


def test_releases_are_in_the_order_that_their_numbers_tell_since_the_engine_sorts_them_as_text():
    many = {"v10": {"ami": AMI}, "v9": {"ami": AMI}, "a": {"ami": AMI}}
    assert [release.version for release in settings(releases=many, traffic={"a": 100}).releases] == ["a", "v9", "v10"]


@pytest.mark.parametrize(("written", "seconds"), [("90s", 90), ("5m", 300), ("1h", 3600), (45, 45)])
def test_durations_are_seconds(written, seconds):
    assert settings(rollout={"ready": written}).strategy.ready == seconds


def test_what_the_provider_is_told_is_decoded():
    config = dev_config() | {"aws:profile": "ours", "aws:endpoints": json.dumps([{"ec2": "http://127.0.0.1:5000"}])}
    assert parse(config).aws == {
        "region": "us-east-1",
        "profile": "ours",
        "endpoints": [{"ec2": "http://127.0.0.1:5000"}],
    }


def test_what_is_another_programs_is_not_ours_to_judge():
    assert parse(dev_config() | {"other:key": "value"}).platform == "aws"


@pytest.mark.parametrize(
    ("traffic", "said"),
    [
        ({"v1": 99}, "shares sum to 99, not 100; write shares that sum to 100, such as {v1: 90, v2: 10}"),
        ({"v1": 0}, "shares sum to 0, not 100; write shares that sum to 100, such as {v1: 90, v2: 10}"),
        ({"v1": -1, "v2": 101}, "the share of v1 is -1; write a percentage from 0 to 100"),
        ({"v1": 0.05, "v2": 99.95}, "the share of v1 is 0.05; write at most one decimal, such as 0.0"),
        ({"v1": float("nan")}, "the share of v1 is nan; write a percentage from 0 to 100"),
        ({"v1": "NaN"}, "the share of v1 is NaN; write a percentage from 0 to 100"),
        ({"v1": "many"}, "the share of v1 is 'many', not a number; write a percentage such as 12.5"),
        ({"v1": True}, "the share of v1 is True, not a number; write a percentage such as 12.5"),
        (
            {"v9": 100},
            "v9 is not in sluice:releases (v1, v2, v3, v4, v5, v6); declare the release first, or move its share to "
            "one that is",
        ),
        (
            {"v1": 50, "v2": 10, "v3": 10, "v4": 10, "v5": 10, "v6": 10},
            "6 slices have a share (v1, v2, v3, v4, v5, v6), and one listener rule holds 5; leave a share to fewer",
        ),
    ],
)
def test_wrong_traffic_is_refused(traffic, said):
    assert refusal(releases=SIX, traffic=traffic) == f"sluice:traffic: {said}"


@pytest.mark.parametrize(
    "version", ["", "v" * 41, "v 1", "v1;", "v1\n", "vé", " v1", "-v1", "v1-", "*", "v/1", "v:1", "v=1"]
)
def test_a_wrong_version_is_refused(version):
    assert refusal(releases={version: {"ami": AMI}}) == (
        f"sluice:releases: {version!r} is no version; use 1 to 40 letters, digits, dots, hyphens or underscores, such "
        "as v42, beginning and ending with a letter or digit"
    )


def test_a_version_of_300_characters_is_cut_in_the_message():
    assert refusal(releases={"v" * 300: {"ami": AMI}}).startswith(
        f"sluice:releases: '{'v' * 39}… (300 characters) is no version"
    )


@pytest.mark.parametrize("version", ["v1", "7", "2026.11.24-rc1", "a_b", "A", "v" * 40])
def test_a_version_is_letters_digits_dots_hyphens_and_underscores(version):
    assert settings(releases={version: {"ami": AMI}}, traffic={version: 100}).traffic.shares == {version: 1000}


def test_versions_that_differ_in_case_alone_are_refused():
    assert refusal(releases={"v1": {"ami": AMI}, "V1": {"ami": AMI}}) == (
        "sluice:releases: v1 and V1 differ only in case, and header values know none; give one of them another version"
    )


def test_versions_that_would_share_a_priority_are_refused():
    said = refusal(releases={"v30": {"ami": AMI}, "v119": {"ami": AMI}})
    assert said == (
        "sluice:releases: v30 and v119 would get the same isolation priority (it is made from the version); give v119 "
        "another version, such as v119a"
    )


def test_a_secret_inside_the_releases_is_refused():
    assert refusal(("sluice:releases",)) == (
        "sluice:releases: it holds a `secure:` value, which would hide the whole key from the history that rollback "
        "reads; name where the value lives instead, such as secrets: {DB: arn:aws:secretsmanager:…}"
    )


def test_a_public_listener_without_a_salt_is_refused():
    assert refusal(listener={}) == (
        "sluice:salt is missing: the listener is public, and without it anyone could reach a slice that has no share "
        "by its version alone; run `pulumi config set --secret sluice:salt $(openssl rand -hex 16)`, or set "
        "sluice:listener.internal: true"
    )


def test_a_salt_in_clear_text_is_refused_and_not_shown():
    said = refusal(listener={"certificate": CERTIFICATE}, salt=SALT)
    assert said == "sluice:salt is in clear text; set it again with `pulumi config set --secret sluice:salt …`"


def test_a_public_listener_with_a_secret_salt_is_taken():
    assert settings(("sluice:salt",), listener={"certificate": CERTIFICATE}, salt=SALT).salt == SALT


def test_a_salt_of_digits_stays_text():
    assert settings(("sluice:salt",), salt="1234567890123456").salt == "1234567890123456"


KEYS = tuple(Document.model_fields)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)


@given(st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=8), VALUES, max_size=5))
def test_whatever_is_written_there_are_settings_or_a_refusal(values):
    config = dev_config() | {f"sluice:{key}": json.dumps(value) for key, value in values.items()}
    try:
        parse(config)
        said = "sluice:"
    except SettingsError as error:
        said = str(error)
    assert said.startswith("sluice:")
