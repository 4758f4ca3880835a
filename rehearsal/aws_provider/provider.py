"""The stand-in for pulumi-aws: answers for exactly the types in `services/registry.py`, through the local AWS."""

import os
from typing import Any

from rehearsal.aws_provider import config, invokes
from rehearsal.aws_provider.cloud import Aws, Cloud
from rehearsal.aws_provider.errors import AWS
from rehearsal.aws_provider.lifecycle import AwsLifecycle
from rehearsal.aws_provider.services.registry import TYPES
from rehearsal.provider.errors import RefusedError
from rehearsal.provider.provider import StandIn
from rehearsal.provider.values import Props


class AwsProvider(StandIn[Aws]):
    """Serves the engine until it is told to stop."""

    name = "aws"
    version = "7.51.1"  # of pulumi-aws, whose SDK asks for it
    types = TYPES
    outside = AWS

    def __init__(self) -> None:
        super().__init__()
        self._cloud: Cloud | None = None

    def connect(self, arguments: Props) -> None:
        """Connect to the local AWS, or refuse to."""
        self._cloud = config.configured(arguments, os.environ)

    def given_to_all(self) -> Props:
        """The region."""
        return {"region": self._configured().region}

    def lifecycle(self, kind: Any) -> AwsLifecycle:
        """With the provider's default tags."""
        return AwsLifecycle(kind, self.outside, self._configured())

    def world(self, props: Props, timeout: float) -> Aws:
        """The clients of the resource's region."""
        cloud = self._configured()
        return Aws(cloud, props.get("region") or cloud.region, timeout, self.stop)

    def look_up(self, token: str, world: Aws, arguments: Props) -> Props:
        """What a program may look up."""
        return invokes.invoke(token, world, arguments)

    def _configured(self) -> Cloud:
        if self._cloud is None:
            raise RefusedError("provider aws: used before it was configured")
        return self._cloud
