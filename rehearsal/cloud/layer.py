"""The layer in front of moto: it makes the local AWS API refuse, derive and remember what the real one does.

In: WSGI requests. Out: moto's answer, a refusal, or an answer of the layer's own where only the balancer knows it. One
request at a time, and none while the daemon's loop reads or changes the state.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from moto.autoscaling.models import InstanceState
from moto.core.exceptions import ServiceException

from rehearsal.cloud import balancing_limits, fleet_limits, images, scaling
from rehearsal.cloud.calls import Call, Environ, RefusedError, answer, call, refusal
from rehearsal.cloud.cloud import Cloud
from rehearsal.cloud.target_health import Health

CHECKS = {"elasticloadbalancing": balancing_limits.CHECKS, **fleet_limits.CHECKS}
READS = ("Describe", "Get", "List")
OK, BAD = "200 OK", "400 Bad Request"
SEEN_FLEET = ("DescribeAutoScalingGroups", "DescribeAutoScalingInstances")

Application = Callable[[Environ, Any], Iterable[bytes]]


class Layer:
    """WSGI middleware around moto."""

    def __init__(self, moto: Application, cloud: Cloud) -> None:
        self._moto = moto
        self._cloud = cloud

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        made = call(environ)
        with self._cloud.lock:
            if made is None:
                return list(self._moto(environ, start_response))
            try:
                body = self._own(made)
            except (RefusedError, ServiceException) as error:
                return _send(start_response, BAD, refusal(made, _refused(error)))
            if body is not None:
                return _send(start_response, OK, body)
            return self._ask(made, environ, start_response)

    def _own(self, made: Call) -> bytes | None:
        """The layer's own answer; None where moto's will do; RefusedError, or moto's errors, where AWS refuses."""
        self._cloud.images()
        for check in CHECKS[made.service].get(made.action, ()):
            check(self._cloud, made.params)
        match made.action:
            case "DescribeTargetHealth":
                return answer(made, self._target_health(made))
            case "AddTags" if made.service == "elasticloadbalancing":
                self._add_tags(made)
                return answer(made, {})
        return None

    def _ask(self, made: Call, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """moto's answer. What a change entails is derived before the next request."""
        head: list[Any] = []
        with self._leaving_shown() if made.action in SEEN_FLEET else _as_it_is():
            body = b"".join(self._moto(environ, lambda *given: head.extend(given[:2])))
        status, headers = head
        if not made.action.startswith(READS):
            if made.action == "DeregisterImage" and status == OK:
                images.forget(self._cloud.home, made.params["ImageId"])
            if made.service == "autoscaling":
                scaling.settle(self._cloud.backends)
            body = self._after_change(body)
        headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
        start_response(status, [*headers, ("Content-Length", str(len(body)))])
        return [body]

    def _after_change(self, body: bytes) -> bytes:
        """*body* with the address that a load balancer is really reached at."""
        before = {arn: one.dns_name for arn, one in self._cloud.backends.elbv2.load_balancers.items()}
        self._cloud.world()
        for arn, one in self._cloud.backends.elbv2.load_balancers.items():
            body = body.replace(before[arn].encode(), one.dns_name.encode())
        self._cloud.changed.set()
        return body

    @contextmanager
    def _leaving_shown(self) -> Iterator[None]:
        """Lists instances that are draining or ending as members of their group, Terminating, as AWS does."""
        groups = self._cloud.backends.autoscaling.autoscaling_groups
        before = {name: group.instance_states for name, group in groups.items()}
        try:
            for name, group in groups.items():
                group.instance_states = [*before[name], *self._terminating(name)]
            yield
        finally:
            for name, states in before.items():
                groups[name].instance_states = states

    def _terminating(self, fleet: str) -> list[InstanceState]:
        known = (self._cloud.backends.ec2.get_instance(one) for one in self._cloud.instances.leaving(fleet))
        return [InstanceState(one, lifecycle_state="Terminating") for one in known]

    def _target_health(self, made: Call) -> dict[str, Any]:
        arn = made.params.get("TargetGroupArn", "")
        self._cloud.backends.elbv2.describe_target_groups(None, [arn], None)  # refuses an unknown one
        found = self._cloud.health(arn)
        if asked := [one["Id"] for one in made.params.get("Targets") or []]:
            absent = [one for one in asked if one not in (seen.target.id for seen in found)]
            found = [one for one in found if one.target.id in asked]
            return {"TargetHealthDescriptions": [*map(_described, found), *map(_not_registered, absent)]}
        return {"TargetHealthDescriptions": [_described(one) for one in found]}

    def _add_tags(self, made: Call) -> None:
        """AddTags with AWS's limit of 50 tags a resource; moto's is 10, and a mark beside its owner's tags is more."""
        elbv2 = self._cloud.backends.elbv2
        tags = made.params.get("Tags") or []
        for arn in made.params.get("ResourceArns") or []:
            elbv2._get_resource_by_arn(arn)  # refuses an unknown one
            held = elbv2.tagging_service.get_tag_dict_for_resource(arn)
            if len(held.keys() | {tag["Key"] for tag in tags}) > balancing_limits.MOST_TAGS:
                raise RefusedError("TooManyTags", f"The maximum number of tags is {balancing_limits.MOST_TAGS}: {arn}")
            elbv2.tagging_service.tag_resource(
                arn, [{"Key": tag["Key"], "Value": tag.get("Value", "")} for tag in tags]
            )


@contextmanager
def _as_it_is() -> Iterator[None]:
    yield


def _refused(error: RefusedError | ServiceException) -> RefusedError:
    return error if isinstance(error, RefusedError) else RefusedError(error.code, error.message)


def _described(one: Health) -> dict[str, Any]:
    reason = {"Reason": one.reason, "Description": one.description} if one.reason else {}
    target = {"Id": one.target.id, "Port": one.target.port}
    return {"HealthCheckPort": one.target.port, "Target": target, "TargetHealth": {"State": one.state, **reason}}


def _not_registered(target: str) -> dict[str, Any]:
    reason = "Target.NotRegistered"
    health = {"State": "unused", "Reason": reason, "Description": "Target is not registered to the target group"}
    return {"Target": {"Id": target}, "TargetHealth": health}


def _send(start_response: Any, status: str, body: bytes) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))])
    return [body]
