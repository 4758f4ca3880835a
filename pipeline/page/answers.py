"""Pages as they are answered: a template, and headers that let a browser do nothing with it but show it."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from pipeline.errors import RefusedError
from pipeline.page.parts import templates

# `same-origin`: with `no-referrer` a browser sends no Origin with a form.
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
# A report is one file with its styles in it, and no script.
REPORT = HEADERS | {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
}
HEADINGS = {
    400: "This cannot be read",
    401: "Sign in first",
    403: "Refused",
    404: "There is nothing here",
    408: "Too slow",
    409: "Nothing was done",
    413: "Too large",
    429: "Too many attempts",
    503: "Not now",
}


def html(template: str, status: int = 200, **context: object) -> HTMLResponse:
    """The page that *template* makes of *context*."""
    return HTMLResponse(templates.get_template(template).render(context), status, HEADERS)


def refused(request: Request, error: Exception) -> Response:
    """What a person reads whose request was refused."""
    del request
    assert isinstance(error, RefusedError)
    heading = HEADINGS.get(error.status, "Refused")
    answer = html("error.html", error.status, code=error.status, heading=heading, lead=str(error))
    if error.status in (408, 413):
        answer.headers["Connection"] = "close"
    return answer
