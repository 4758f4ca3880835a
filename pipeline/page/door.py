"""Who may do what on the page: sessions by cookie, forms that only the page itself can have sent.

In: a request. Out: its session, its form; RefusedError (401, 403) in words for the person at the browser.
"""

import hmac
import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from pipeline.errors import RefusedError
from pipeline.limits import body_of
from pipeline.page.sessions import Session, Sessions
from pipeline.page.settings import Page

FIELDS = 10  # of a form at the most
SIGN_IN = "sign-in"  # the cookie beside the form of that name
SESSION = "session"


class Door:
    """By the settings of *page*; cookies are for this host alone, out of the reach of scripts and of other sites."""

    def __init__(self, page: Page, sessions: Sessions) -> None:
        self._page = page
        self.sessions = sessions

    def session(self, request: Request, *, touch: bool = True) -> Session | None:
        """Whose request it is; None: nobody's."""
        return self.sessions.of(self.cookie(request, SESSION), touch=touch)

    def require_reader(self, request: Request) -> Session | None:
        """The session, where looking needs one."""
        session = self.session(request)
        if session is None and self._page.readers == "operators":
            raise RefusedError(401, "Only operators who are signed in may look at this page.")
        return session

    def require_operator(self, request: Request) -> Session:
        """The session of a request that does, or is about to do, something."""
        session = self.session(request)
        if session is None:
            raise RefusedError(401, "Only operators who are signed in may do this. Perhaps your session has ended.")
        return session

    async def form(self, request: Request) -> Mapping[str, str]:
        """The fields of a form that was sent from the page itself."""
        if request.headers.get("origin") not in self._page.origins:
            raise RefusedError(
                403, "This was not sent from this page, or page.url in pipeline.yaml is not its address."
            )
        try:
            text = (await body_of(request)).decode()
            return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS))
        except ValueError:
            raise RefusedError(400, "This is no form of this page.") from None

    async def own_form(self, request: Request) -> tuple[Session, Mapping[str, str]]:
        """The session, and the fields of a form that was made for it."""
        session, form = self.require_operator(request), await self.form(request)
        if not session.is_own(form.get("csrf", "")):
            raise RefusedError(403, "This form is not one of your session. Load the page again, and begin anew.")
        return session, form

    def begin_sign_in(self, response_to: Request) -> str:
        """What the sign-in form and a cookie beside it both hold."""
        return self.cookie(response_to, SIGN_IN) or secrets.token_urlsafe(32)

    def check_sign_in(self, request: Request, form: Mapping[str, str]) -> None:
        """RefusedError unless form and cookie are of one sign-in."""
        held = self.cookie(request, SIGN_IN) or ""
        if not held or not hmac.compare_digest(held.encode(), form.get("csrf", "").encode()):
            raise RefusedError(403, "This form is too old, or your browser keeps no cookies. Load it again.")

    def cookie(self, request: Request, name: str) -> str | None:
        """What the cookie *name* holds."""
        return request.cookies.get(self._named(name))

    def set_cookie(self, response: Response, name: str, value: str | None) -> None:
        """Have the browser keep *value*, or forget it."""
        flags = {"path": "/", "secure": self._page.is_secure, "httponly": True, "samesite": "strict"}
        if value is None:
            response.delete_cookie(self._named(name), **flags)
        else:
            response.set_cookie(self._named(name), value, **flags)

    def _named(self, name: str) -> str:
        """`__Host-`: browsers take it from this very host alone, and only by TLS."""
        return f"{'__Host-' if self._page.is_secure else ''}sluice-{name}"
