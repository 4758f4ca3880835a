"""The actions of listeners and rules: their fields, and the way to the API and back.

A program may forward to one group by `targetGroupArn` or to several by `forward`; what comes back keeps the form it
wrote. Weights of one action are always sent together.
"""

from typing import Any

from rehearsal.provider.rules import between, length, matches, one_of
from rehearsal.provider.schema import Failure, Field, bag, block, boolean, integer, listed, text
from rehearsal.provider.values import UNKNOWN, Props

CONTENT = one_of("text/plain", "text/css", "text/html", "application/javascript", "application/json")
BLOCKS = {"forward": "forward", "redirect": "redirect", "fixed-response": "fixedResponse"}
REDIRECT = ("host", "path", "port", "protocol", "query", "statusCode")
MOST_GROUPS = 5

ACTIONS = Field(
    kind=listed(text()).kind,
    required=True,
    least=1,
    of=block(
        {
            "type": text(one_of(*BLOCKS), required=True),
            "order": integer(between(1, 50000), computed=True),
            "targetGroupArn": text(),
            "forward": block(
                {
                    "targetGroups": bag(
                        block(
                            {
                                "arn": text(required=True),
                                "weight": integer(between(0, 999), default=1),
                            }
                        ),
                        required=True,
                        least=1,
                        most=MOST_GROUPS,
                    ),
                    "stickiness": block(
                        {
                            "duration": integer(between(1, 604800), required=True),
                            "enabled": boolean(default=False),
                        }
                    ),
                },
                computed=True,  # the real provider suppresses the removal of the block
            ),
            "fixedResponse": block(
                {
                    "contentType": text(CONTENT, required=True),
                    "messageBody": text(length(0, 1024)),
                    "statusCode": text(matches(r"[245]\d\d", "be a 2XX, 4XX or 5XX code"), computed=True),
                }
            ),
            "redirect": block(
                {
                    "host": text(length(1, 128), default="#{host}"),
                    "path": text(length(1, 128), default="/#{path}"),
                    "port": text(default="#{port}"),
                    "protocol": text(one_of("#{protocol}", "HTTP", "HTTPS"), default="#{protocol}"),
                    "query": text(length(0, 128), default="#{query}"),
                    "statusCode": text(one_of("HTTP_301", "HTTP_302"), required=True),
                }
            ),
        }
    ),
)


def plan(name: str, actions: Any) -> list[Failure]:
    """Actions that are valid field by field but not as a whole."""
    failures = []
    for index, action in enumerate(actions if isinstance(actions, list) else []):
        if not isinstance(action, dict) or action.get("type") is UNKNOWN:
            continue
        path, kind = f"{name}[{index}]", action["type"]
        if kind == "forward" and not {"forward", "targetGroupArn"} & set(action):
            failures.append(Failure(path, "type forward needs targetGroupArn or a forward block"))
        if kind == "forward" and {"forward", "targetGroupArn"} <= set(action):
            failures.append(Failure(f"{path}.targetGroupArn", "must not be given beside a forward block"))
        if kind != "forward" and BLOCKS[kind] not in action:
            failures.append(Failure(path, f"type {kind} needs a {BLOCKS[kind]} block"))
        failures += [
            Failure(f"{path}.{other}", f"must not be given with type {kind}")
            for other in (*BLOCKS.values(), "targetGroupArn")
            if other in action and other != BLOCKS[kind] and not (kind == "forward" and other == "targetGroupArn")
        ]
    return failures


def to_api(actions: list[Props]) -> list[dict[str, Any]]:
    """The actions as the API takes them."""
    return [{"Order": action.get("order", index), **_to_api(action)} for index, action in enumerate(actions, 1)]


def _to_api(action: Props) -> dict[str, Any]:
    kind = action["type"]
    if kind == "fixed-response":
        fixed = action["fixedResponse"]
        names = {"contentType": "ContentType", "messageBody": "MessageBody", "statusCode": "StatusCode"}
        config = {theirs: fixed[ours] for ours, theirs in names.items() if ours in fixed}
        return {"Type": kind, "FixedResponseConfig": {"StatusCode": "200", **config}}
    if kind == "redirect":
        redirect = {name[0].upper() + name[1:]: action["redirect"][name] for name in REDIRECT}
        return {"Type": kind, "RedirectConfig": redirect}
    if "forward" in action:
        return {"Type": kind, "ForwardConfig": _forward_to_api(action["forward"])}
    return {"Type": kind, "TargetGroupArn": action["targetGroupArn"]}


def _forward_to_api(forward: Props) -> dict[str, Any]:
    groups = [{"TargetGroupArn": one["arn"], "Weight": one["weight"]} for one in forward["targetGroups"]]
    sticky = forward.get("stickiness")
    if not sticky:
        return {"TargetGroups": groups}
    config = {"Enabled": sticky["enabled"], "DurationSeconds": sticky["duration"]}
    return {"TargetGroups": groups, "TargetGroupStickinessConfig": config}


def from_api(actions: list[dict[str, Any]], given: Any) -> list[Props]:
    """The actions as the program has them; *given* says which of the two forms of forwarding it wrote."""
    wrote = given if isinstance(given, list) else []
    return [
        _from_api(action, index, wrote[index - 1] if index <= len(wrote) else {})
        for index, action in enumerate(actions, 1)
    ]


def _from_api(action: dict[str, Any], index: int, wrote: Props) -> Props:
    shown: Props = {"type": action["Type"], "order": action.get("Order", index)}
    if action["Type"] == "fixed-response":
        config = action["FixedResponseConfig"]
        fixed = {"contentType": config.get("ContentType"), "messageBody": config.get("MessageBody")}
        return {**shown, "fixedResponse": {**fixed, "statusCode": config["StatusCode"]}}
    if action["Type"] == "redirect":
        config = action["RedirectConfig"]
        defaults = {name: one.default for name, one in REDIRECT_FIELDS.items()}
        return {
            **shown,
            "redirect": {name: config.get(name[0].upper() + name[1:], defaults[name]) for name in REDIRECT},
        }
    return {**shown, **_forward_from_api(action, wrote)}


def _forward_from_api(action: dict[str, Any], wrote: Props) -> Props:
    single = action.get("TargetGroupArn")
    config: dict[str, Any] = action.get("ForwardConfig") or {"TargetGroups": [{"TargetGroupArn": single, "Weight": 1}]}
    groups = [{"arn": one["TargetGroupArn"], "weight": one.get("Weight", 1)} for one in config["TargetGroups"]]
    if "targetGroupArn" in wrote and len(groups) == 1:
        return {"targetGroupArn": groups[0]["arn"]}
    forward: Props = {"targetGroups": groups}
    sticky: dict[str, Any] = config.get("TargetGroupStickinessConfig", {})
    if sticky.get("Enabled") or "stickiness" in (wrote.get("forward") or {}):
        enabled, duration = sticky.get("Enabled", False), sticky.get("DurationSeconds")
        wrote_duration = ((wrote.get("forward") or {}).get("stickiness") or {}).get("duration")
        forward["stickiness"] = {"enabled": enabled, "duration": duration or wrote_duration}
    return {"forward": forward}


assert ACTIONS.of is not None
REDIRECT_FIELDS = ACTIONS.of.fields["redirect"].fields
