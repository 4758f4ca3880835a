"""One set of credentials, against moto: whose it is, or what is wrong with it."""

import socket

import pulumi
import pytest

from components.aws.session import Session

LOCAL = "http://127.0.0.1:5000"


def refusal(**config: object) -> str:
    with pytest.raises(pulumi.RunError) as caught:
        Session(config)
    return str(caught.value)


@pytest.fixture(autouse=True)
def account(aws):
    """moto's account, by credentials that come from the environment."""


@pytest.fixture
def deaf():
    """An endpoint at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_credentials_of_the_environment_tell_whose_they_are():
    session = Session({"region": "eu-west-1"})
    assert (session.account, session.region, session.endpoint) == ("123456789012", "eu-west-1", None)


def test_credentials_of_the_config_win():
    session = Session({"region": "us-east-1", "accessKey": "AKIAOURS", "secretKey": "hidden"})
    used = session.client("ec2")._request_signer._credentials
    assert (used.access_key, used.secret_key) == ("AKIAOURS", "hidden")


def test_a_client_is_made_once_and_speaks_to_the_region():
    session = Session({"region": "eu-west-1"})
    assert session.client("ec2") is session.client("ec2")
    assert session.client("ec2").meta.region_name == "eu-west-1"


def test_no_call_of_a_walk_hangs_longer_than_a_restore_has():
    how = Session({"region": "us-east-1"}).client("elbv2").meta.config
    longest = how.retries["total_max_attempts"] * max(how.connect_timeout, how.read_timeout)
    assert longest <= 6


def test_a_look_up_outside_of_a_walk_waits_longer_and_asks_more_often():
    session = Session({"region": "us-east-1"})
    walk, look_up = (session.client("elbv2", patient=patient).meta.config for patient in (False, True))
    assert (walk.retries["total_max_attempts"], look_up.retries["total_max_attempts"]) == (2, 8)
    assert look_up.read_timeout > walk.read_timeout
    assert session.client("elbv2", patient=True) is session.client("elbv2", patient=True)


def test_a_role_is_assumed_and_its_credentials_used():
    arn = "arn:aws:iam::210987654321:role/deploy"
    session = Session({"region": "us-east-1", "assumeRoles": [{"roleArn": arn, "externalId": "us"}]})
    assert session.account == "210987654321"


@pytest.mark.parametrize("region", ["us-esat-1", "", 5])
def test_an_unknown_region_is_refused(region):
    assert refusal(region=region) in (
        f"aws:region: {region!r} is no AWS region; write one, such as `pulumi config set aws:region eu-west-1`",
        "aws:region: no region is set; write one, such as `pulumi config set aws:region eu-west-1`",
    )


def test_no_region_at_all_is_refused():
    assert refusal() == "aws:region: no region is set; write one, such as `pulumi config set aws:region eu-west-1`"


def test_a_region_of_the_environment_is_taken(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert Session({}).region == "eu-west-1"


def test_a_profile_that_is_not_configured_is_refused():
    assert refusal(region="us-east-1", profile="ours") == (
        "aws:profile: The config profile (ours) could not be found; write the name of a profile that is configured here"
    )


def test_missing_credentials_are_refused_with_what_to_try(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    said = refusal(region="us-east-1")
    assert said.startswith("AWS (us-east-1) does not answer who we are: Unable to locate credentials. Check the ")
    assert "python -m rehearsal up" in said


def test_an_endpoint_that_does_not_answer_is_named(deaf, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", deaf)
    said = refusal(region="us-east-1")
    assert said.startswith(f"{deaf} does not answer who we are: Could not connect to the endpoint URL")


def test_an_endpoint_of_the_config_wins(deaf, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", LOCAL)
    assert refusal(region="us-east-1", endpoints=[{"ec2": deaf, "sts": deaf}]).startswith(f"{deaf} does not answer")


def test_endpoints_that_differ_are_refused():
    assert refusal(region="us-east-1", endpoints=[{"ec2": LOCAL, "sts": "http://127.0.0.1:6000"}]) == (
        "aws:endpoints: several different URLs; write the same one for every service"
    )


@pytest.mark.parametrize("value", ["http://127.0.0.1:5000", ["x"], {"ec2": LOCAL}])
def test_endpoints_of_another_shape_are_refused(value):
    assert refusal(region="us-east-1", endpoints=value).endswith("write endpoints: [{ec2: 'http://127.0.0.1:5000'}]")


@pytest.mark.parametrize("value", ["arn:aws:iam::1:role/x", [{"sessionName": "x"}]])
def test_roles_of_another_shape_are_refused(value):
    assert refusal(region="us-east-1", assumeRoles=value).endswith("write assumeRoles: [{roleArn: 'arn:aws:iam::…'}]")


def test_a_key_that_would_change_nothing_is_refused():
    said = refusal(region="us-east-1", useFipsEndpoint=True)
    assert said.startswith("aws:useFipsEndpoint is no key of this program; known here: region, profile, ")


def test_an_account_that_is_not_allowed_is_refused():
    said = refusal(region="us-east-1", allowedAccountIds=["111111111111"])
    assert said == (
        "aws:allowedAccountIds: the credentials are those of account 123456789012, and only 111111111111 is allowed; "
        "use other credentials, or add it there"
    )


@pytest.mark.parametrize("allowed", [["123456789012"], [123456789012]])
def test_an_account_that_is_allowed_is_taken(allowed):
    assert Session({"region": "us-east-1", "allowedAccountIds": allowed}).account == "123456789012"
