"""The sample service as an image: layered on sluice/node, as a user's app is."""

import tempfile
from pathlib import Path

import docker
from docker.errors import APIError, BuildError

from rehearsal.docker.errors import SampleError

SAMPLE = Path(__file__).resolve().parents[1] / "sample" / "server.js"
VISITS = SAMPLE.with_name("visits.js")  # what the sample alone needs
BASE = "sluice/node:latest"


def build(client: docker.DockerClient, tag: str, *lines: str, app: str = "") -> None:
    """Build the sample service, or *app* in JavaScript, as *tag*; SampleError says why it does not build.

    *lines* are added to its Dockerfile, such as ENV FAIL=0.05.
    """
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "server.js").write_text(app or SAMPLE.read_text())
        Path(folder, "visits.js").write_text(VISITS.read_text())
        text = [f"FROM {BASE}", "COPY *.js /app/", *lines, 'CMD ["server.js"]', ""]
        Path(folder, "Dockerfile").write_text("\n".join(text))
        try:
            client.images.build(path=folder, tag=tag, rm=True, forcerm=True)
        except (APIError, BuildError) as error:
            raise SampleError(f"{tag} does not build on {BASE}, which `make image` makes: {error}") from None
