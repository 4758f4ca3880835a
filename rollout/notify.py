"""Notifications: how a walk ended, to Slack, mail, a webhook and whatever else apprise has a URL for.

In: URLs (https://github.com/caronc/apprise/wiki), a title, a body. Out: nothing; what was not delivered is told, but
none of the secrets that a URL is made of. A server that does not answer holds nobody up for more than PATIENCE seconds.
"""

import re
import threading
import time
from collections.abc import Callable, Sequence

PATIENCE = 5.0  # seconds for all URLs together
SHORTEST = 3  # characters of a URL's part that is taken out of what is told


def notify(urls: Sequence[str], title: str, body: str, say: Callable[[str], None], patience: float = PATIENCE) -> None:
    """Send *title* and *body* to every one of *urls* at once; *say* gets a line for each that did not take it."""
    until = time.monotonic() + patience
    faults: dict[int, str | None] = {}

    def send(number: int, url: str) -> None:
        faults[number] = _send(url, title, body)

    # Threads of our own, and daemons: apprise's are waited for when the process ends, however long they hang.
    threads = [threading.Thread(target=send, args=one, daemon=True) for one in enumerate(urls)]
    for thread in threads:
        thread.start()
    for number, (thread, url) in enumerate(zip(threads, urls, strict=True)):
        thread.join(max(0.0, until - time.monotonic()))
        fault = faults.get(number, f"no answer within {patience:g} s" if thread.is_alive() else "it broke")
        if fault is not None:
            say(f"notification {number + 1} of {len(urls)} ({_kind(url)}) was not delivered: {_bare(fault, url)}")


def _send(url: str, title: str, body: str) -> str | None:
    """None when it was delivered, else why not."""
    from apprise import Apprise, AppriseAsset, NotifyFormat  # noqa: PLC0415  a tenth of a second

    apprise = Apprise(asset=AppriseAsset(async_mode=False, service_timeout=0))
    if not apprise.add(url):
        return "it is no URL that apprise knows; see https://github.com/caronc/apprise/wiki"
    result = apprise.notify(title=title, body=body, body_format=NotifyFormat.TEXT)
    if result:
        return None
    return " ".join(entry.message for entry in result.logs()) or "it was refused"


def _kind(url: str) -> str:
    kind, found, _ = url.partition("://")
    return kind if found else "no scheme"


def _bare(text: str, url: str) -> str:
    """*text* without any part of *url* behind its scheme: where there are tokens, nobody knows which part they are."""
    parts = re.split(r"[^\w.-]+", url.partition("://")[2] or url)
    for part in sorted(filter(lambda one: len(one) >= SHORTEST, parts), key=len, reverse=True):
        text = text.replace(part, "…")
    return text
