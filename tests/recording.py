"""An engine and its providers that record what a program registers, and answer as AWS and Docker would."""

import asyncio
import contextvars
import hashlib
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from google.protobuf import json_format
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto import resource_pb2


@dataclass(frozen=True)
class Registered:
    """One resource as the engine is told of it. `inputs` are plain data, numbers floats, secrets as the SDK sends them;
    `request` has every option: protect, retainOnDelete, dependencies, hooks, ignoreChanges, customTimeouts and so on.
    """

    urn: str
    request: resource_pb2.RegisterResourceRequest
    inputs: dict[str, Any]

    @property
    def name(self) -> str:
        return self.request.name

    @property
    def type(self) -> str:
        return self.request.type

    @property
    def parent(self) -> str:
        """The type of the parent."""
        return self.request.parent.split("::")[2].split("$")[-1]


ELB = "arn:aws:elasticloadbalancing:us-east-1:123456789012"
DATABASE_SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!db-0123-AbCdEf"
IAM = "arn:aws:iam::123456789012"
# What AWS makes of a resource, by type: (id, outputs). N: its name with the suffix of Pulumi; H: 16 digits of its own.
MADE: dict[str, tuple[str, dict[str, Any]]] = {
    "aws:autoscaling/group:Group": ("N", {"name": "N"}),
    "aws:ec2/eip:Eip": ("eipalloc-0H", {}),
    "aws:ec2/internetGateway:InternetGateway": ("igw-0H", {}),
    "aws:ec2/launchTemplate:LaunchTemplate": ("lt-0H", {"latestVersion": 1}),
    "aws:ec2/natGateway:NatGateway": ("nat-0H", {}),
    "aws:ec2/route:Route": ("r-0H", {}),
    "aws:ec2/routeTable:RouteTable": ("rtb-0H", {}),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": ("rtbassoc-0H", {}),
    "aws:ec2/securityGroup:SecurityGroup": ("sg-0H", {}),
    "aws:ec2/subnet:Subnet": ("subnet-0H", {}),
    "aws:ec2/vpc:Vpc": ("vpc-0H", {}),
    "aws:iam/instanceProfile:InstanceProfile": ("N", {"arn": f"{IAM}:instance-profile/N"}),
    "aws:iam/role:Role": ("N", {"name": "N", "arn": f"{IAM}:role/N"}),
    "aws:iam/rolePolicy:RolePolicy": ("N", {}),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": ("N", {}),
    "aws:lb/listener:Listener": (f"{ELB}:listener/app/N/H/H", {"arn": f"{ELB}:listener/app/N/H/H"}),
    "aws:lb/listenerRule:ListenerRule": (f"{ELB}:listener-rule/app/N/H/H/H", {}),
    "aws:lb/loadBalancer:LoadBalancer": (
        f"{ELB}:loadbalancer/app/N/H",
        {"arn": f"{ELB}:loadbalancer/app/N/H", "name": "N", "dnsName": "N.us-east-1.elb.amazonaws.com"},
    ),
    "aws:lb/targetGroup:TargetGroup": (
        f"{ELB}:targetgroup/N/H",
        {"arn": f"{ELB}:targetgroup/N/H", "name": "N"},
    ),
    "aws:rds/instance:Instance": (
        "db-H",
        {
            "address": "N.abc.us-east-1.rds.amazonaws.com",
            "port": 5432,
            "masterUserSecrets": [{"secretArn": DATABASE_SECRET, "secretStatus": "active"}],
        },
    ),
    "aws:rds/subnetGroup:SubnetGroup": ("N", {"name": "N"}),
    "aws:s3/bucket:Bucket": ("N", {"bucket": "N", "arn": "arn:aws:s3:::N"}),
    "aws:s3/bucketPolicy:BucketPolicy": ("N", {}),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": ("N", {}),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": ("N", {}),
    "aws:s3/bucketVersioning:BucketVersioning": ("N", {}),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": ("sgr-0H", {}),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ("sgr-0H", {}),
    "docker:index/container:Container": ("H", {"name": "N"}),
    "docker:index/network:Network": ("H", {"name": "N"}),
    "docker:index/remoteImage:RemoteImage": ("sha256:H", {"imageId": "sha256:H", "repoDigest": "N@sha256:H"}),
    "docker:index/volume:Volume": ("N", {"name": "N"}),
    "pulumi:index:Stash": ("H", {}),
    "pulumi:providers:aws": ("H", {}),
    "pulumi:providers:docker": ("H", {}),
}


class RecordingCloud(MockMonitor):
    """Stands for the engine and the providers: records every registration and answers as AWS would name things.

    It runs no hook and keeps no order, and refuses a URN registered twice, a type it does not know, and each invoke.
    """

    def __init__(self) -> None:
        self.registered: dict[str, Registered] = {}
        self.outputs: dict[str, dict[str, Any]] = {}
        self.hooks: dict[str, pulumi.ResourceHook] = {}
        self.told: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda *_: None)  # a failed program leaves futures that nobody awaits
        self._context = contextvars.copy_context()

    def deploy(
        self,
        program: Callable[[], object],
        config: Mapping[str, str] | None = None,
        secret: tuple[str, ...] = (),
        *,
        preview: bool = False,
        parallel: int = 16,
    ) -> None:
        """Run *program* to its end as a language host does: in this thread, with everything that it set going."""
        self._context.run(self._configure, dict(config or {}), list(secret), preview, parallel)

        def main() -> None:
            program()

        self._context.run(self._loop.run_until_complete, pulumi.runtime.run_in_stack(main))

    @property
    def custom(self) -> list[Registered]:
        """What a provider makes: everything but components."""
        return [one for one in self.registered.values() if one.request.custom]

    @property
    def stack(self) -> dict[str, Any]:
        """The stack's outputs."""
        return self.outputs[self.one("pulumi:Stack").urn]

    def _configure(self, config: dict[str, str], secret: list[str], preview: bool, parallel: int) -> None:
        asyncio.set_event_loop(self._loop)
        pulumi.runtime.set_all_config(config, secret)
        settings = pulumi.runtime.Settings(
            project="sluice", stack="dev", monitor=self, engine=self, parallel=parallel, dry_run=preview
        )
        pulumi.runtime.configure(settings)
        # Where hooks are registered. SETTINGS makes its attributes by a decorator that no type checker sees through.
        pulumi.runtime.settings.SETTINGS.callbacks = self  # pyright: ignore[reportAttributeAccessIssue]

    def meet(self, hook: str, **args: Any) -> None:
        """Call *hook* as the engine would, in the deployed program: ResourceHookArgs by name."""
        given = pulumi.ResourceHookArgs(**{"urn": "", "id": "", "name": "", "type": "", **args})

        async def call() -> None:
            result = self.hooks[hook](given)
            if inspect.isawaitable(result):
                await result

        self._context.run(self._loop.run_until_complete, call())

    def close(self) -> None:
        """End the deployed program's threads and loop."""
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        asyncio.set_event_loop(None)
        self._loop.close()

    def all(self, kind: str, *names: str) -> list[Registered]:
        """Each resource whose type ends in *kind*, such as `Stash` or `lb/listener:Listener`, in the order of their
        names; only those of *names*, where there are any.
        """
        found = [one for one in self.registered.values() if re.search(rf"(^|[:/]){kind}$", one.type)]
        return sorted((one for one in found if not names or one.name in names), key=lambda one: one.name)

    def one(self, kind: str, *names: str) -> Registered:
        """The only resource of *kind*, or the only one of *names*."""
        (found,) = self.all(kind, *names)
        return found

    def register_resource_hook(self, hook: pulumi.ResourceHook) -> None:
        self.hooks[hook.name] = hook

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        of = parent.split("::")[2] if parent else ""
        qualified = type_ if of in ("", "pulumi:pulumi:Stack") else f"{of}${type_}"
        return f"urn:pulumi:dev::sluice::{qualified}::{name}"

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> Any:  # noqa: N802  the engine's name
        urn = self.make_urn(request.parent, request.type, request.name)
        assert urn not in self.registered, f"registered twice: {urn}"
        inputs = json_format.MessageToDict(request.object)
        self.registered[urn] = Registered(urn, request, inputs)
        id_, outputs = self._made(urn, request) if request.custom else ("", {})
        if pulumi.runtime.is_dry_run():
            id_, outputs = "", {}
        answer = json_format.ParseDict({**outputs, **inputs}, Struct())
        return resource_pb2.RegisterResourceResponse(urn=urn, id=id_, object=answer)

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> Empty:  # noqa: N802
        self.outputs[request.urn] = json_format.MessageToDict(request.outputs)
        return Empty()

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> Any:  # noqa: N802
        raise AssertionError(f"the program asked {request.tok}, and this cloud has no answer")

    def Log(self, request: Any) -> None:  # noqa: N802
        self.told.append(request.message)

    @staticmethod
    def _made(urn: str, request: resource_pb2.RegisterResourceRequest) -> tuple[str, dict[str, Any]]:
        digits = hashlib.sha256(urn.encode()).hexdigest()[:16]
        name = f"{request.name}-{digits[:7]}"
        assert len(name) <= 32 or ":lb/" not in request.type, f"a load balancer's parts have 32 characters: {name}"
        id_, outputs = MADE[request.type]

        def fill(value: Any) -> Any:
            return value.replace("N", name).replace("H", digits) if isinstance(value, str) else value

        return fill(id_), {key: fill(value) for key, value in outputs.items()}
