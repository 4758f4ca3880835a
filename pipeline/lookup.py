"""What hints and looks at the registry make known: images, each kept as a release that waits.

In: the backlog, the repository. Out: releases in the backlog; RegistryError when nothing can be known.
"""

from typing import Protocol

import structlog

from pipeline.backlog import Backlog
from pipeline.naming import version_of
from pipeline.records import Release, State, Waiting
from pipeline.registry import Image
from pipeline.settings import Service
from rollout.clock import Clock


class Registry(Protocol):
    """`registry.Repository`."""

    def image(self, tag: str) -> Image | None:
        """What *tag* names now."""
        ...

    def tags(self) -> list[str]:
        """Every tag."""
        ...

    def signature(self, digest: str) -> str | None:
        """What cosign signed of the image of *digest*."""
        ...


class Lookup:
    """Of the service *name*."""

    def __init__(self, name: str, service: Service, *, backlog: Backlog, registry: Registry, clock: Clock) -> None:
        self.name = name
        self.service = service
        self._backlog = backlog
        self._registry = registry
        self._clock = clock
        self._log = structlog.get_logger().bind(service=name)

    def hints(self) -> bool:
        """Look every open hint up; False when the tag of some, or its signature, is not there yet."""
        settled = True
        for hint in self._backlog.take(self.name):
            image = self._registry.image(hint.tag)
            signature = self._signature(image)
            if image is None:
                settled &= self._give_up(hint, "no such tag")
            elif signature is None:
                settled &= self._give_up(hint, "no signature", digest=image.digest)
            else:
                release = self._release(hint.tag, image, signature, pushed=hint.pushed, commit=hint.commit)
                if self._backlog.found(hint, release):
                    self._log.info("image", tag=hint.tag, digest=image.digest)
        return settled

    def _give_up(self, hint: Waiting, why: str, **more: str) -> bool:
        over = self._clock.now() > hint.at + self.service.patience
        if over:
            self._log.warning(why, tag=hint.tag, **more)
            self._backlog.drop(hint)
        return over

    def _signature(self, image: Image | None) -> str | None:
        """What cosign signed of *image*; nothing where the service does not ask for it; None: it is not there yet."""
        if image is None or not self.service.signed:
            return ""
        return self._registry.signature(image.digest)

    def poll(self) -> None:
        """Look for images that no hook told of. What is there at the very first look is known, and left alone, signed
        or not; but for what open hints are of.
        """
        first = not self._backlog.looked(self.name)
        seen = {release.tag for release in self._backlog.releases(self.name)}
        moving = {tag for tag in self.service.tags if not any(sign in tag for sign in "*?[")}
        told = {hint.tag for hint in self._backlog.take(self.name)}
        for tag in sorted(self._registry.tags()):
            if self.service.allows(tag) and (tag not in seen or tag in moving) and tag not in told:
                self._keep(tag, first)
        self._backlog.set_looked(self.name)

    def _keep(self, tag: str, first: bool) -> None:
        image = self._registry.image(tag)
        signature = "" if first else self._signature(image)
        if image and signature is not None:
            pushed = min(image.created or self._clock.now(), self._clock.now())
            state = "known" if first else "waiting"
            self._backlog.keep(self._release(tag, image, signature, pushed=pushed, state=state))

    def _release(
        self, tag: str, image: Image, signature: str, *, pushed: float, commit: str = "", state: State = "waiting"
    ) -> Release:
        taken = {one.version for one in self._backlog.releases(self.name) if one.digest != image.digest}
        return Release(
            service=self.name,
            digest=image.digest,
            version=version_of(tag, image.digest, taken),
            tag=tag,
            commit=commit or image.commit or "",
            pushed=pushed,
            at=self._clock.now(),
            state=state,
            signature=signature,
        )
