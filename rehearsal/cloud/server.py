"""The local AWS endpoint: moto behind the layer, its faults and the trace, on loopback, in threads of this process."""

import logging
import threading

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from rehearsal.cloud.cloud import Cloud
from rehearsal.cloud.faulty import Faulty
from rehearsal.cloud.layer import Layer
from rehearsal.cloud.loopback import LOOPBACK
from rehearsal.cloud.trace import Trace

POLL = 0.05  # seconds between looks whether to stop


class QuietHandler(MotoRequestHandler):
    """Logs no request: a `pulumi up` makes hundreds. What fails in moto is logged all the same."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


class Server:
    """Serves one cloud at a free port until it is stopped."""

    def __init__(self, cloud: Cloud) -> None:
        faulty = Faulty(Layer(DomainDispatcherApplication(create_backend_app), cloud), cloud)
        layer = Trace(faulty, cloud.home)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server: BaseWSGIServer = make_server(LOOPBACK, 0, layer, threaded=True, request_handler=QuietHandler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(POLL,), daemon=True)

    @property
    def url(self) -> str:
        """The endpoint, for AWS_ENDPOINT_URL."""
        return f"http://{LOOPBACK}:{self._server.server_port}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more; what is being answered is finished."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
