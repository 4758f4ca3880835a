"""The rules of a listener as Envoy's route configuration.

In: a `Listener` with its rules. Out: a plain dict in the shape of Envoy's RouteConfiguration. It must not name a
cluster before Envoy holds it: write clusters first and routes when Envoy shows them; when one leaves, the routes first.
"""

import re
from collections.abc import Iterable
from typing import Any, assert_never

from rollout.envoy.config import Action, Fixed, Forward, Listener, Match, Redirect, Rule

Resource = dict[str, Any]

ANYTHING = re.compile(r"/?\*+")
REDIRECTS = {301: "MOVED_PERMANENTLY", 302: "FOUND"}


def routes(of: Listener) -> Resource:
    """The rules of *of*, in their order."""
    return {
        "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
        "name": of.name,
        "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [_route(rule) for rule in of.rules]}],
    }


def pattern(values: Iterable[str]) -> str:
    """A regular expression (RE2's and Python's) that whole strings match which fit any of the wildcard *values*."""
    return f"(?:{'|'.join(_wildcard(value) for value in values)})"


def _wildcard(value: str) -> str:
    return "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in value)


def _route(rule: Rule) -> Resource:
    return {"match": _match(rule.match), **_action(rule.action)}


def _match(match: Match) -> Resource:
    headers = [_header(name, f"(?i){pattern(values)}") for name, values in match.headers]
    if match.hosts:
        headers.append(_header(":authority", rf"(?i){pattern(match.hosts)}(?::\d+)?"))
    if match.methods:
        headers.append(_header(":method", "|".join(re.escape(method) for method in match.methods)))
    queries = [{"name": name, "string_match": _regex(f"(?i){pattern(values)}")} for name, values in match.queries]
    every = not match.paths or any(ANYTHING.fullmatch(path) for path in match.paths)
    path: Resource = {"prefix": "/"} if every else _regex(pattern(match.paths))
    return path | ({"headers": headers} if headers else {}) | ({"query_parameters": queries} if queries else {})


def _header(name: str, regex: str) -> Resource:
    return {"name": name.lower(), "string_match": _regex(regex)}


def _regex(regex: str) -> Resource:
    return {"safe_regex": {"regex": regex}}


def _action(action: Action) -> Resource:
    match action:
        case Forward():
            return _forward(action)
        case Fixed():
            return _answer(action)
        case Redirect():
            return {"redirect": _redirect(action)}
        case _:
            assert_never(action)


def _forward(to: Forward) -> Resource:
    split = [{"name": name, "weight": weight} for name, weight in sorted(to.weights.items()) if weight > 0]
    if not split:
        return _answer(Fixed(503))
    # timeout 0: none. What is silent for the listener's idle time ends; a long answer does not.
    return {"route": {"timeout": "0s", "weighted_clusters": {"clusters": split}}}


def _answer(fixed: Fixed) -> Resource:
    if not fixed.body:
        return {"direct_response": {"status": fixed.status}}
    kind = {"key": "content-type", "value": fixed.content_type}
    return {
        "direct_response": {"status": fixed.status, "body": {"inline_string": fixed.body}},
        "response_headers_to_add": [{"header": kind, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}],
    }


def _redirect(to: Redirect) -> Resource:
    path = to.path if to.query is None else f"{to.path}?{to.query}"
    parts = {
        "response_code": REDIRECTS[to.status],
        "scheme_redirect": to.scheme,
        "host_redirect": to.host,
        "port_redirect": to.port,
        "path_redirect": path,
    }
    return {name: value for name, value in parts.items() if value is not None}
