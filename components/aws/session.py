"""One set of credentials: the boto3 clients of the walk and of the operator's verbs, from one place.

In: `aws:` config and the environment. Out: boto3 clients of one account and region; `provider.py` makes the resources'
provider of the same. Nothing here loads pulumi_aws, so that `ops` need not either.
"""

import os
import threading
from collections.abc import Mapping
from typing import Any

import boto3
import pulumi
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

# A restore has 5 s after Ctrl-C, so no call of a walk may hang longer; what passes, the walk itself tries again.
PATIENCE = Config(connect_timeout=1.5, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2})
# What is looked up before a walk has time, and nobody who would ask again.
PATIENT = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 8})

KNOWN = ("region", "profile", "accessKey", "secretKey", "token", "assumeRoles", "endpoints", "allowedAccountIds")


class Session:
    """AWS as the stack's config and the environment name it; RunError when that is not enough."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        _check_keys(config)
        self._clients: dict[tuple[str, bool], Any] = {}
        self._lock = threading.Lock()
        self.endpoint = _endpoint(config)
        try:
            self._boto = boto3.Session(
                region_name=config.get("region"),
                profile_name=config.get("profile"),
                aws_access_key_id=config.get("accessKey"),
                aws_secret_access_key=config.get("secretKey"),
                aws_session_token=config.get("token"),
            )
        except BotoCoreError as error:
            raise pulumi.RunError(
                f"aws:profile: {error}; write the name of a profile that is configured here"
            ) from None
        self.region = self._known_region()
        for role in config.get("assumeRoles") or []:
            self._boto = self._assume(role)
        self.account = self._whose()
        allowed = config.get("allowedAccountIds") or [self.account]
        if self.account not in map(str, allowed):
            raise pulumi.RunError(
                f"aws:allowedAccountIds: the credentials are those of account {self.account}, and only "
                f"{', '.join(map(str, allowed))} is allowed; use other credentials, or add it there"
            )

    def client(self, service: str, *, patient: bool = False) -> Any:
        """The boto3 client of *service*; one each, safe to share between threads.

        *patient*: for look-ups outside of a walk, which wait longer and try again more often.
        """
        with self._lock:
            key = (service, patient)
            if key not in self._clients:
                self._clients[key] = self._client(service, PATIENT if patient else PATIENCE)
            return self._clients[key]

    def _client(self, service: str, config: Config) -> Any:
        return self._boto.client(service, region_name=self.region, endpoint_url=self.endpoint, config=config)

    def _known_region(self) -> str:
        region = self._boto.region_name
        known = {r for p in self._boto.get_available_partitions() for r in self._boto.get_available_regions("ec2", p)}
        if region is None or region not in known:
            found = f"{region!r} is no AWS region" if region else "no region is set"
            raise pulumi.RunError(f"aws:region: {found}; write one, such as `pulumi config set aws:region eu-west-1`")
        return region

    def _assume(self, role: Mapping[str, Any]) -> boto3.Session:
        arn, name = role["roleArn"], role.get("sessionName", "sluice")
        extra = {"ExternalId": role["externalId"]} if role.get("externalId") else {}
        try:
            given = self._client("sts", PATIENT).assume_role(RoleArn=arn, RoleSessionName=name, **extra)["Credentials"]
        except (BotoCoreError, ClientError) as error:
            raise pulumi.RunError(f"aws:assumeRoles: {arn} cannot be assumed: {error}") from None
        return boto3.Session(
            region_name=self.region,
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
        )

    def _whose(self) -> str:
        try:
            return self._client("sts", PATIENT).get_caller_identity()["Account"]
        except (BotoCoreError, ClientError) as error:
            where = self.endpoint or f"AWS ({self.region})"
            raise pulumi.RunError(
                f"{where} does not answer who we are: {error}. Check the credentials (`aws sts get-caller-identity`); "
                "to try it locally: `python -m rehearsal up`, then `python -m rehearsal shell --` before this command"
            ) from None


def _check_keys(config: Mapping[str, Any]) -> None:
    """What is not used here would be silently left out, also by the provider that is made of this config."""
    unknown = sorted(set(config) - set(KNOWN))
    if unknown:
        raise pulumi.RunError(f"aws:{unknown[0]} is no key of this program; known here: {', '.join(KNOWN)}")
    shapes = {"assumeRoles": "[{roleArn: 'arn:aws:iam::…'}]", "endpoints": "[{ec2: 'http://127.0.0.1:5000'}]"}
    for key, example in shapes.items():
        blocks = config.get(key) or []
        whole = isinstance(blocks, list) and all(isinstance(block, Mapping) for block in blocks)
        if not whole or (key == "assumeRoles" and not all(block.get("roleArn") for block in blocks)):
            raise pulumi.RunError(f"aws:{key}: {blocks!r}: it is no list of such settings; write {key}: {example}")


def _endpoint(config: Mapping[str, Any]) -> str | None:
    """The one endpoint of all services, where one is named: by config, else by AWS_ENDPOINT_URL."""
    named = {url for block in config.get("endpoints") or [] for url in block.values()}
    if len(named) > 1:
        raise pulumi.RunError("aws:endpoints: several different URLs; write the same one for every service")
    return named.pop() if named else os.environ.get("AWS_ENDPOINT_URL")
