"""What the Docker SDK raises, in the words that the real provider passes on."""

from docker.errors import APIError, DockerException
from requests.exceptions import RequestException

from rehearsal.provider.errors import Outside

DOCKER_ERRORS = (DockerException, RequestException)  # all of it


def told(error: Exception) -> str:
    """One of DOCKER_ERRORS in one line; what the daemon refuses, as the real provider's client words it."""
    if isinstance(error, APIError):
        said = error.explanation
        text = said.decode(errors="replace") if isinstance(said, bytes) else str(said or error)
        return f"Error response from daemon: {' '.join(text.split())}"
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def is_missing(error: Exception) -> bool:
    """Whether the daemon said that there is no such thing."""
    return isinstance(error, APIError) and error.status_code == 404


DOCKER = Outside(DOCKER_ERRORS, told)
