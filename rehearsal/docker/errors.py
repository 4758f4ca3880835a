"""What is said where no Docker daemon can be had."""

HOW = (
    "To have one: start Docker (`systemctl start docker`, or Docker Desktop), or set DOCKER_HOST to a daemon on this "
    "machine; or as root on Debian or Ubuntu: python -m rehearsal docker up --install"
)


class DockerError(Exception):
    """No daemon is to be had, or ours could not be ended; the message says why, and how to get one."""

    def __init__(self, why: str) -> None:
        super().__init__(f"no Docker daemon: {why}. {HOW}")


class SampleError(Exception):
    """The sample service does not build; the message says why."""
