"""The data layer on a Docker host: one Postgres container, with its data and its password on volumes that outlive all.

In: what the config says of it, the network. Out: the container, and what each slice gets: where the database is, and a
file that holds the password. No release is in it; a slice never waits for it once it stands.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_docker as docker
from docker.errors import APIError
from pulumi import Input, ResourceHook, ResourceHookArgs, ResourceHookBinding, ResourceOptions
from requests.exceptions import RequestException

from components.config_data import DATABASE, Postgres, environment
from components.docker import addresses, archive, database, names, password, volumes
from components.docker.database import ASKED, GRACE, MADE
from components.docker.host import Host, short
from components.docker.password import Password
from rollout.errors import RouterError

USER = 999  # of the official image and of ours
BOUNDS: Mapping[str, Any] = {
    "user": f"{USER}:{USER}",
    "read_only": True,
    "tmpfs": {
        "/tmp": "rw,noexec,nosuid,size=64m",
        "/var/run/postgresql": f"rw,noexec,nosuid,size=1m,uid={USER},gid={USER},mode=0755",
    },
    "capabilities": {"drops": ["ALL"]},
    "security_opts": ["no-new-privileges:true"],
    "log_driver": "json-file",
    "log_opts": {"max-size": "10m", "max-file": "3"},
    "restart": "unless-stopped",
    "must_run": True,
    "stop_signal": "SIGINT",  # fast: clients are cut, nothing that was committed is lost
    "stop_timeout": GRACE,
    "destroy_grace_seconds": GRACE,
    "healthcheck": {"tests": ["CMD", *ASKED], "interval": "10s", "timeout": "3s", "start_period": "30s", "retries": 3},
}


@dataclass(frozen=True, kw_only=True)
class DataArgs:
    """`subnet`: of the network; `rejoin`: a hook that puts a container back on it before it is changed."""

    settings: Postgres
    host: Host
    network: Input[str]
    subnet: str
    rejoin: ResourceHook


class Data(pulumi.ComponentResource):
    """Outputs: `container`. `lend`: a hook by which a slice's container may read the password before it is made."""

    container: docker.Container
    lend: ResourceHook

    def __init__(self, name: str, args: DataArgs, opts: ResourceOptions) -> None:
        super().__init__("sluice:docker:Data", name, None, opts)
        self._name = name
        self._args = args
        self._password = Password(name, args.host)
        self.lend = ResourceHook("lend", lambda made: asyncio.to_thread(self._lend, made))
        image = docker.RemoteImage(
            f"{name}-postgres", name=args.settings.image, keep_locally=True, opts=ResourceOptions(parent=self)
        )
        self.container = self._container(image, self._volume(names.postgres(name)), self._volume(names.password(name)))
        self.register_outputs({"container": self.container.name})

    def environment(self, version: str) -> dict[str, str]:
        """What the slice of *version* is told; what its release says otherwise holds."""
        told = environment(addresses.postgres(self._args.subnet))
        return {**told, "PGPASSFILE": f"{password.FOLDER}/{password.file(version)}"}

    def mount(self) -> dict[str, Any]:
        """Where a slice finds the file that it is told of."""
        source = names.password(self._name)
        return {"type": "volume", "source": source, "target": password.FOLDER, "read_only": True}

    def _volume(self, name: str) -> docker.Volume:
        return docker.Volume(name, name=name, opts=ResourceOptions(parent=self, protect=True, retain_on_delete=True))

    def _container(self, image: docker.RemoteImage, data: docker.Volume, secret: docker.Volume) -> docker.Container:
        settings, at = self._args.settings, addresses.postgres(self._args.subnet)
        seed = ResourceHook("seed-data", lambda made: asyncio.to_thread(self._seed, made))
        return docker.Container(
            f"{self._name}-postgres",
            name=names.postgres(self._name),
            image=image.name,  # as it is written: a tag that was moved since replaces no database
            envs=[
                f"POSTGRES_USER={DATABASE}",
                f"POSTGRES_DB={DATABASE}",
                f"POSTGRES_PASSWORD_FILE={password.FOLDER}/{password.FILE}",
                f"PGDATA={MADE}",
            ],
            **BOUNDS,
            memory=settings.memory,
            memory_swap=settings.memory,
            shm_size=settings.memory // 2,
            mounts=[
                {"type": "volume", "source": data.name, "target": database.FOLDER},
                {"type": "volume", "source": secret.name, "target": password.FOLDER, "read_only": True},
            ],
            networks_advanced=[{"name": self._args.network, "ipv4_address": at, "aliases": ["postgres"]}],
            labels=[
                {"label": names.SERVICE, "value": self._name},
                {"label": names.ADDRESS, "value": at},
            ],
            opts=ResourceOptions(
                parent=self,
                hooks=ResourceHookBinding(before_create=[seed], before_update=[self._args.rejoin]),
                delete_before_replace=True,
            ),
        )

    def _seed(self, made: ResourceHookArgs) -> None:
        """Before the container is made: nothing of a killed run's is left, the volumes are its user's, and there is a
        password.
        """
        host, image = self._args.host, (made.new_inputs or {})["image"]
        try:
            database.remove(host, self._name)
            with volumes.lender(host, image, names.postgres(self._name), database.FOLDER) as lent:
                lent.put(archive.packed({}, USER, database.HOME))
            self._password.make(image, USER)
        except (APIError, RequestException) as error:
            raise RouterError(f"make the database of {self._name} on {host.url}: {short(error)}") from None

    def _lend(self, made: ResourceHookArgs) -> None:
        host, inputs = self._args.host, made.new_inputs or {}
        try:
            database.await_answer(host, names.postgres(self._name))
            user = inputs.get("user") or host.client.images.get(inputs["image"]).attrs["Config"]["User"]
            version = names.label(inputs["labels"], names.VERSION) or ""
            self._password.lend(self._args.settings.image, int(user.partition(":")[0]), version)
        except (APIError, RequestException) as error:
            raise RouterError(f"lend the database's password on {host.url}: {short(error)}") from None
