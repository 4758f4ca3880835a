"""One release's slice on a Docker host: its image, and its containers at addresses of their own.

In: the release, the network. Out: the containers, and what tells this slice from a later one of the same version.

Nothing here is ever changed, also not by a newer program that would spell it otherwise: another spec is another
version. The spellings are those which Docker gives back as they were, so that a refresh finds no difference either.
"""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_docker as docker
from pulumi import CustomTimeouts, Input, Output, ResourceHook, ResourceHookBinding, ResourceOptions

from components.config_docker import Container
from components.docker import names
from components.docker.data import Data
from components.release import Release

# All that a container is made from. What the engine may still do is start it again (mustRun).
MADE_FROM = (
    *("image", "envs", "user", "readOnly", "tmpfs", "capabilities", "securityOpts", "memory", "memorySwap", "cpus"),
    *("ulimits", "mounts", "networksAdvanced", "networkMode", "labels", "logDriver", "logOpts", "restart", "init"),
    *("stopSignal", "stopTimeout", "destroyGraceSeconds", "healthcheck", "hostname", "entrypoints", "command", "name"),
)
LOGS = {"max-size": "10m", "max-file": "3"}


@dataclass(frozen=True, kw_only=True)
class SliceArgs:
    """`at`: an address for each container; `drain`: seconds in which one that leaves may finish its requests;
    the hooks of each: `let_go` guards its deletion, `rejoin` puts it back on its network before it is started again,
    `clear` takes away what a killed run left of it before it is made; `data`: the service's database, if it has one.
    """

    release: Release
    service: str
    at: tuple[str, ...]
    network: Input[str]
    drain: int
    let_go: ResourceHook
    rejoin: ResourceHook
    clear: ResourceHook
    data: Data | None = None


class Slice(pulumi.ComponentResource):
    """Outputs: `group` (the slice's version and image), `containers`."""

    group: Output[str]
    containers: list[docker.Container]

    def __init__(self, name: str, args: SliceArgs, opts: ResourceOptions) -> None:
        super().__init__("sluice:docker:Slice", name, None, opts)
        self._name = name
        self._args = args
        image = docker.RemoteImage(name, name=args.release.image, keep_locally=True, opts=ResourceOptions(parent=self))
        self.containers = [self._container(index, address, image) for index, address in enumerate(args.at)]
        content = f"{args.release.version} {args.release.image}"
        # Known only once they stand, as a preview has to tell a slice that is there from one that is to be made.
        self.group = Output.all(*(one.id for one in self.containers)).apply(lambda _: content)
        self.register_outputs({"group": self.group, "fleet": None})

    def _container(self, index: int, address: str, image: docker.RemoteImage) -> docker.Container:
        release, drain, data = self._args.release, self._args.drain, self._args.data
        return docker.Container(
            f"{self._name}-{index}",
            image=image.repo_digest,
            envs=[f"{key}={value}" for key, value in sorted(self._environment().items())],
            **self._bounds(),
            mounts=self._mounts(),
            networks_advanced=[{"name": self._args.network, "ipv4_address": address, "aliases": [release.version]}],
            labels=[
                {"label": names.SERVICE, "value": self._args.service},
                {"label": names.VERSION, "value": release.version},
                {"label": names.STACK, "value": pulumi.get_stack()},
                {"label": names.ADDRESS, "value": address},
            ],
            log_driver="json-file",
            log_opts=LOGS,
            restart="unless-stopped",  # on-failure stays down after a restart of the host, when the app ended well
            must_run=True,
            wait=False,  # a failed wait is forgotten by the next `up`: the rollout counts healthy containers itself
            stop_signal="SIGTERM",
            stop_timeout=drain,
            destroy_grace_seconds=drain,  # read from the state: given later, the deletion would be a SIGKILL at once
            opts=ResourceOptions(
                parent=self,
                ignore_changes=[*MADE_FROM],
                hooks=ResourceHookBinding(
                    before_create=[self._args.clear, *([data.lend] if data else [])],
                    before_update=[self._args.rejoin],
                    before_delete=[self._args.let_go],
                ),
                custom_timeouts=CustomTimeouts(delete=f"{drain + 600}s"),
            ),
        )

    def _bounds(self) -> dict[str, Any]:
        """What it may do and use. The provider knows no number of processes: the rollout sets that."""
        limits = self._args.release.container or Container()
        return {
            "user": limits.user,
            "read_only": not limits.writable,
            "tmpfs": {"/tmp": f"rw,noexec,nosuid,size={limits.tmp}m"} if limits.tmp else None,
            "capabilities": {"drops": ["ALL"], "adds": limits.capabilities},
            "security_opts": ["no-new-privileges:true"],
            "memory": limits.memory,
            "memory_swap": limits.memory,  # the same: none of it is swapped
            "cpus": cpus(limits.cpus),
            "ulimits": [{"name": "nofile", "soft": limits.files, "hard": limits.files}],
        }

    def _mounts(self) -> list[Any]:
        """The secrets as files: the release's own, and the database's password."""
        secrets = [
            {"type": "bind", "source": source, "target": f"/run/secrets/{name}", "read_only": True}
            for name, source in sorted(self._args.release.secrets.items())
        ]
        return [*secrets, *([self._args.data.mount()] if self._args.data else [])]

    def _environment(self) -> dict[str, str]:
        release, data = self._args.release, self._args.data
        return {
            **(data.environment(release.version) if data else {}),
            **release.env,
            **{name: f"/run/secrets/{name}" for name in release.secrets},
            "HOST": "0.0.0.0",
            "PORT": str(release.port),
            "SLUICE_VERSION": release.version,
        }


def cpus(number: float) -> str:
    """*number* as the provider reads it back: one decimal at least, and no zero after it."""
    text = f"{number:.3f}".rstrip("0")
    return f"{text}0" if text.endswith(".") else text
