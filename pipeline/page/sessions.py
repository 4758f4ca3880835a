"""Who is signed in, and which questions they were asked: in memory, so that a restart signs everyone out.

In: an operator whose password was right. Out: a session by the secret that its cookie holds.
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from rollout.clock import Clock

IDLE = 3600.0  # seconds without a request until a session is over
WHOLE = 12 * 3600.0  # seconds that it lasts at the most
ANSWER = 10 * 60.0  # seconds that a question waits for its answer
SESSIONS = 200
QUESTIONS = 20  # open ones of a session

Kind = Literal["abort", "go"]


@dataclass(frozen=True, kw_only=True)
class Question:
    """What an operator was asked to confirm, and what things were like: `live` shares in percent, the walk's `run`."""

    kind: Kind
    service: str
    live: Mapping[str, float]
    run: str | None
    version: str = ""
    asked: float = 0.0


@dataclass
class Session:
    """Of one operator in one browser; `csrf` is in each of its forms."""

    operator: str
    begun: float
    seen: float
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    questions: dict[str, Question] = field(default_factory=dict)

    def ask(self, question: Question) -> str:
        """Keep *question*; the word with which it is answered, once."""
        word = secrets.token_urlsafe(32)
        self.questions[word] = question
        while len(self.questions) > QUESTIONS:
            del self.questions[next(iter(self.questions))]
        return word

    def answered(self, word: str, now: float) -> Question | None:
        """The question of *word*, which is past from now on; None when there is none (any more)."""
        question = self.questions.pop(word, None)
        return question if question and now - question.asked < ANSWER else None

    def is_own(self, given: str) -> bool:
        """Whether a form with *given* in it is one of this session's."""
        return hmac.compare_digest(self.csrf.encode(), given.encode())


class Sessions:
    """All of them; what a cookie holds is only a key into it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[str, Session] = {}

    def begin(self, operator: str) -> str:
        """A session of *operator*, under a secret that nobody has seen before."""
        now = self._clock.now()
        self._open = {secret: one for secret, one in self._open.items() if not _is_over(one, now)}
        while len(self._open) >= SESSIONS:
            del self._open[next(iter(self._open))]
        secret = secrets.token_urlsafe(32)
        self._open[secret] = Session(operator, now, now)
        return secret

    def of(self, secret: str | None, *, touch: bool = True) -> Session | None:
        """The session under *secret*; *touch*: its operator did something just now."""
        found, now = self._open.get(secret or ""), self._clock.now()
        if found is None or _is_over(found, now):
            return None
        if touch:
            found.seen = now
        return found

    def end(self, secret: str | None) -> None:
        """Sign out."""
        self._open.pop(secret or "", None)


def _is_over(session: Session, now: float) -> bool:
    return now - session.seen > IDLE or now - session.begun > WHOLE


def shown(frame: Mapping[str, Any]) -> tuple[Mapping[str, float], str | None]:
    """What a question about *frame* is asked on: the live shares and the walk that is on."""
    return frame["live"], frame["mark"]["run"] if frame["mark"] else None
