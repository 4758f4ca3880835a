"""`python -m ops serve`: the receiver and its workers, until it is told to end.

In: settings, the project. Out: nothing; SettingsError when it cannot begin. Once it ends, a release that is on goes on
in a process of its own, and the next `serve` hears of its end.
"""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

import httpx2
import structlog
import uvicorn

from pipeline.app import Receiver
from pipeline.backlog import Backlog
from pipeline.deploy import Deploy
from pipeline.errors import SettingsError
from pipeline.limits import HEAD, Impatient
from pipeline.lookup import Lookup
from pipeline.page.routes import Site
from pipeline.registry import Repository
from pipeline.settings import Settings
from pipeline.tell import Tell
from pipeline.worker import Worker
from rollout.clock import RealClock

CLIENTS = 200  # at once
CALL = 10.0  # seconds for one call to who is told
GRACE = 5  # seconds that requests may take once it is to end


def serve(settings: Settings, project: Path, say: Callable[[str], None]) -> None:
    """Listen and work until SIGINT or SIGTERM."""
    log_as_json()
    backlog = Backlog(settings.folder / "backlog.db")
    with httpx2.Client(timeout=CALL, follow_redirects=False) as client:
        workers = {name: _worker(settings, name, project, backlog, client) for name in settings.services}
        threads = {name: threading.Thread(target=one.run, name=name, daemon=True) for name, one in workers.items()}
        receiver = Receiver(
            settings,
            backlog,
            heard=lambda name: workers[name].news.set(),
            alive=lambda: all(thread.is_alive() for thread in threads.values()),
            clock=RealClock(),
            site=Site(settings, backlog, project, RealClock()),
        )
        for thread in threads.values():
            thread.start()
        say(f"listening on http://{settings.host}:{settings.port} for {', '.join(settings.secrets)}")
        try:
            _listen(settings, receiver)
        finally:
            for worker in workers.values():
                worker.stop()
            for thread in threads.values():
                thread.join(CALL)
            backlog.close()


def _worker(settings: Settings, name: str, project: Path, backlog: Backlog, client: httpx2.Client) -> Worker:
    service, stopped, clock = settings.services[name], threading.Event(), RealClock()
    return Worker(
        name,
        poll=service.poll,
        backlog=backlog,
        lookup=Lookup(name, service, backlog=backlog, registry=Repository(service.image), clock=clock),
        deploy=Deploy(service, project, settings.folder, stopped),
        tell=Tell(service=service, client=client, callbacks=backlog.callbacks, api=settings.api, token=settings.token),
        clock=clock,
        stopped=stopped,
    )


def _listen(settings: Settings, receiver: Receiver) -> None:
    server = uvicorn.Server(
        uvicorn.Config(
            receiver.app(),
            host=settings.host,
            port=settings.port,
            http=Impatient,
            ws="none",
            h11_max_incomplete_event_size=HEAD,
            limit_concurrency=CLIENTS,
            timeout_graceful_shutdown=GRACE,
            access_log=False,  # it would write the secrets that are in paths
            log_config=None,
            server_header=False,
        )
    )
    try:
        server.run()
    except SystemExit:
        raise SettingsError(
            f"pipeline.yaml: listen: {settings.host}:{settings.port} cannot be listened on; write another, such as "
            "listen: 127.0.0.1:9001"
        ) from None


def log_as_json() -> None:
    """A line of JSON for each event; libraries' own, from warnings on, the same way."""
    shape = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shape, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
        logger_factory=structlog.WriteLoggerFactory(),
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shape,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
