"""What an operator may have done from the page: end a rollout that is on, or give all the traffic to a former slice.

In: a question that says who has which share now and after; its answer. Out: a verb of `ops` in a process of its own,
or a refusal: a question counts once, for a few minutes, and only while things are as it said.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pipeline.errors import RefusedError
from pipeline.page.answers import HEADERS, html
from pipeline.page.board import Board
from pipeline.page.door import Door
from pipeline.page.parts import can_abort, goals, shares
from pipeline.page.sessions import Question, shown
from rollout.clock import Clock

PATIENCE = 10.0  # seconds that a person waits for what runs to be looked at


@dataclass(frozen=True, kw_only=True)
class Deed:
    """What would be done: `words` of the verb, `after` in percent by version."""

    heading: str
    lead: str
    words: list[str]
    after: Mapping[str, float]
    warnings: list[str]


class Acting:
    """For the services of *board*."""

    def __init__(self, board: Board, door: Door, clock: Clock) -> None:
        self._board = board
        self._door = door
        self._clock = clock

    def routes(self) -> list[BaseRoute]:
        """Its part of the page."""
        places = ("/services/{service}/abort", "/services/{service}/go/{version}")
        return [
            Route(place, end, methods=[verb])
            for place in places
            for verb, end in (("GET", self._ask), ("POST", self._do))
        ]

    async def _ask(self, request: Request) -> Response:
        session = self._door.require_operator(request)
        service, version, frame = await self._seen(request)
        deed = _deed(frame, version)
        live, run = shown(frame)
        question = Question(
            kind="go" if version else "abort",
            service=service,
            version=version,
            live=live,
            run=run,
            asked=self._clock.now(),
        )
        return html(
            "confirm.html",
            sight=self._board.sight(service),
            deed=deed,
            rows=_rows(frame, deed.after),
            command=f"python -m ops {' '.join([*deed.words, '--stack', frame['stack']])}",
            operator=session.operator,
            csrf=session.csrf,
            word=session.ask(question),
        )

    async def _do(self, request: Request) -> Response:
        session, form = await self._door.own_form(request)
        question = session.answered(form.get("question", ""), self._clock.now())
        service, version, frame = await self._seen(request)
        if question is None or (question.service, question.version) != (service, version):
            raise RefusedError(
                409, "This was confirmed already, or asked too long ago. Look at the page, and ask again."
            )
        if shown(frame) != (question.live, question.run):
            raise RefusedError(
                409,
                f"Things are not as they were when you were asked: then {shares(question.live)} was live, now it is "
                f"{shares(frame['live'])}{_and_walk(frame, question)}. Look at the page, and ask again.",
            )
        deed = _deed(frame, version)
        words = [*deed.words, "--stack", self._board.services[service].stack]
        begun = await run_in_threadpool(self._board.actions.begin, service, session.operator, deed.heading, words)
        if not begun:
            raise RefusedError(409, f"Something else is being done to {service} from this page. Wait for its end.")
        return RedirectResponse(f"/#{service}", 303, HEADERS)

    async def _seen(self, request: Request) -> tuple[str, str, Mapping[str, Any]]:
        """The service and the version that are meant, and what runs just now."""
        service = request.path_params["service"]
        if service not in self._board.services:
            raise RefusedError(404, "There is no such service here.")
        frame = await self._board.readers[service].now(PATIENCE)
        if frame is None:
            why = self._board.readers[service].trouble
            raise RefusedError(503, f"How {service} is now cannot be seen ({why}), so nothing is done from here.")
        return service, request.path_params.get("version", ""), frame


def _deed(frame: Mapping[str, Any], version: str) -> Deed:
    mark = frame["mark"]
    if not version:
        if not can_abort(frame):
            raise RefusedError(409, "No rollout is under way that could be aborted.")
        return Deed(
            heading="Abort the rollout",
            lead=f"The rollout {shares(mark['from'])} → {shares(mark['to'])} by {mark['owner']} ends, and the former "
            "shares go back within seconds.",
            words=["stop", "--run", mark["run"]],
            after=mark["from"],
            warnings=[],
        )
    goal = next((one for one in goals(frame) if one["version"] == version), None)
    if goal is None:
        raise RefusedError(409, f"{version} cannot be given the traffic from here: it is no slice that had it before.")
    warnings = []
    if goal["healthy"] < goal["desired"] or not goal["desired"]:
        warnings.append(f"{version} is {goal['readiness']}: it gets nothing before it is healthy.")
    if mark and mark["alive"]:
        warnings.append(f"The rollout by {mark['owner']} is ended first.")
    return Deed(
        heading=f"All traffic to {version}",
        lead="The shares move at once, in one step; then the stack file and the engine's record follow.",
        words=["rollback", version, "--now"],
        after={version: 100},
        warnings=warnings,
    )


def _rows(frame: Mapping[str, Any], after: Mapping[str, float]) -> list[Mapping[str, Any]]:
    return [
        {
            "version": one["version"],
            "now": one["share"],
            "after": after.get(one["version"], 0),
            "healthy": f"{one['healthy']} of {one['desired']}",
        }
        for one in frame["slices"]
    ]


def _and_walk(frame: Mapping[str, Any], question: Question) -> str:
    _, run = shown(frame)
    if run == question.run:
        return ""
    return f", and another rollout is under way ({run})" if run else ", and the rollout is over"
