"""A page of JSON over HTTP: Prometheus's API, Envoy's admin page.

In: a URL, and what is asked of it. Out: the page as data; MetricsError with the server's own words otherwise.
"""

import http.client
import json
import urllib.error
import urllib.request
from typing import Any

from rollout.errors import MetricsError

PATIENCE = 3.0  # seconds; a walk that is to be restored does not wait longer for its counts
WORDS = 300  # characters of a page that is no answer


def read(what: str, url: str) -> Any:
    """The JSON at *url*; MetricsError says *what* was tried."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            text = answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            raise MetricsError(f"{what}: {error.code} {_words(error.read())}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise MetricsError(f"{what}: {getattr(error, 'reason', None) or error or type(error).__name__}") from error
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise MetricsError(f"{what}: the answer is no JSON: {text[:WORDS].strip() or 'it is empty'}") from error


def _words(body: bytes) -> str:
    """What the server says went wrong: Prometheus says it in JSON, others in text."""
    text = body.decode(errors="replace")
    try:
        return json.loads(text)["error"]
    except (json.JSONDecodeError, TypeError, KeyError):
        return text[:WORDS].strip()
