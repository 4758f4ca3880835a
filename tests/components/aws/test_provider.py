"""The provider of every resource is the session's own: region, account, credentials, endpoint."""

import json

import pytest

from components.aws.provider import SERVICES, provider
from components.aws.session import Session
from tests.configs import HIDDEN


@pytest.fixture
def made(cloud, aws):
    """The inputs of the provider that belongs to the session of *config*."""

    def make(**config: object):
        cloud.deploy(lambda: provider(Session({"region": "us-east-1", **config}), {"sluice:stack": "dev"}))
        return cloud.one("providers:aws").inputs

    return make


def test_it_works_in_the_sessions_region_and_account_only(made):
    inputs = made()
    assert (inputs["region"], json.loads(inputs["allowedAccountIds"])) == ("us-east-1", ["123456789012"])
    assert json.loads(inputs["defaultTags"]) == {"tags": {"sluice:stack": "dev"}}


def test_on_aws_itself_nothing_is_skipped_and_no_endpoint_is_named(made):
    assert not [key for key in made() if key in ("endpoints", "s3UsePathStyle", "skipMetadataApiCheck")]


def test_it_has_the_sessions_credentials_and_role(made):
    role = {"roleArn": "arn:aws:iam::210987654321:role/deploy"}
    inputs = made(accessKey="AKIAOURS", secretKey="hidden", assumeRoles=[role])
    assert (inputs["accessKey"]["value"], inputs["secretKey"]["value"]) == ("AKIAOURS", "hidden")
    assert json.loads(inputs["assumeRoles"]) == [role]
    assert json.loads(inputs["allowedAccountIds"]) == ["210987654321"]


def test_what_is_secret_of_it_stays_secret(made):
    inputs = made(accessKey="AKIAOURS", secretKey="hidden", token="hidden too")
    assert {key for key, value in inputs.items() if isinstance(value, dict) and HIDDEN in value.values()} == {
        "accessKey",
        "secretKey",
        "token",
    }


def test_every_service_is_at_the_sessions_endpoint(made, served):
    inputs = made(endpoints=[{"sts": served}])
    assert json.loads(inputs["endpoints"]) == [dict.fromkeys(SERVICES, served)]
    assert (inputs["s3UsePathStyle"], inputs["skipMetadataApiCheck"]) == ("true", "true")
