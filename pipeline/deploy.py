"""A release, carried out as a person does: `python -m ops release VERSION --image …`, in a process of its own.

In: the release. Out: how it ended. Begun again is only what never came to an end.
"""

import threading
from pathlib import Path

from pipeline.detached import Detached, End, is_on
from pipeline.records import Release
from pipeline.settings import Service

MARK = "SLUICE_RELEASE"  # in the process's environment: whose it is
POLL = 0.2


class Deploy:
    """Releases of *service* by *project*'s verbs, with files in *folder*; *stopped*: this process is to end."""

    def __init__(self, service: Service, project: Path, folder: Path, stopped: threading.Event) -> None:
        self._service = service
        self._project = project
        self._folder = folder
        self._stopped = stopped

    def __call__(self, release: Release) -> End | None:
        """Carry *release* out, or wait for the process that does; None when this one is to end before."""
        work = self._work(release)
        process = work.running()
        if process is None and not work.is_over:
            process = work.begin(self._lines(release, again=work.begun))
        while process and is_on(process):
            if self._stopped.wait(POLL):
                return None
        return work.end()

    def forget(self, release: Release) -> None:
        """Take *release*'s files away: its end is kept elsewhere, or it is to begin anew."""
        self._work(release).forget()

    def _lines(self, release: Release, *, again: bool) -> list[list[str]]:
        on = ["--stack", self._service.stack]
        machine = ["--ami", self._service.ami] if self._service.ami else []
        image = f"{self._service.image}@{release.digest}"
        signature = ["--signature", release.signature] if release.signature else []
        wanted = ["release", release.version, *machine, "--image", image, *signature, *on]
        # A walk whose process is dead left its lock, too, which only this breaks.
        return [["recover", *on], wanted] if again else [wanted]

    def _work(self, release: Release) -> Detached:
        place = self._folder / f"{release.service}-{release.digest.partition(':')[2][:12]}"
        return Detached(mark=MARK, name=f"{release.service} {release.digest}", place=place, project=self._project)
