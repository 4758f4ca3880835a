"""A real Postgres behind each RDS instance, as long as there is one.

In: moto's RDS. Out: a process for each of its instances, on loopback at the address that describing it says; it is
`available` once it answers. What moto makes alike for all (id, password) is made anew for each.
"""

import json
import logging
import secrets
import shutil
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from typing import Any

from moto.rds.models import DBInstance, DBSubnetGroup, RDSBackend

from rehearsal.cloud.children import Child, child, end, group
from rehearsal.cloud.loopback import LOOPBACK, answers, free
from rehearsal.cloud.postgres import Postgres, PostgresError, start

MINOR = 6  # of the engine version that AWS makes of a major one
STOP = 10.0  # seconds
LEAST_LIFE = 5.0  # seconds until one that ended is started again

log = logging.getLogger(__name__)


class Local(DBInstance):
    """An instance that is reached on this machine."""

    @property
    def address(self) -> str:
        """Its host."""
        return LOOPBACK


def local(rds: RDSBackend) -> None:
    """Have *rds* make instances as AWS does: each with an id and a password of its own, not there at once."""
    create = type(rds).create_db_instance

    def made(db_kwargs: dict[str, Any]) -> DBInstance:
        if db_kwargs.get("engine") == "postgres" and "." not in (version := str(db_kwargs.get("engine_version"))):
            db_kwargs["engine_version"] = f"{version}.{MINOR}"
        one = create(rds, {**db_kwargs, "port": free()})
        one.__class__ = Local  # an instance of a cluster is of a class of its own; there are none here
        one.dbi_resource_id = f"db-{secrets.token_hex(13).upper()}"
        one.status = "creating"
        if one.manage_master_user_password:
            told = {"username": one.master_username, "password": secrets.token_urlsafe(24)}
            rds.secretsmanager.put_secret_value(
                one.master_user_secret.secret_arn, json.dumps(told), "", secrets.token_hex(16), ["AWSCURRENT"]
            )
        return one

    def modified(subnet_name: str, description: str, subnets: list[Any]) -> DBSubnetGroup:
        group = type(rds).modify_db_subnet_group(rds, subnet_name, description, subnets)
        rds.subnet_groups[subnet_name] = group  # moto forgets it
        return group

    # Attributes of this one backend; moto itself stays as it is.
    rds.create_db_instance = made
    rds.modify_db_subnet_group = modified


@dataclass
class Databases:
    """The servers of one cloud at *home*. To be used from the main thread only, to which they are tied."""

    home: Path
    rds: RDSBackend
    environment: Mapping[str, str]
    _running: dict[str, tuple[Popen[bytes], Child]] = field(default_factory=dict)
    _started: dict[str, float] = field(default_factory=dict)

    def follow(self) -> None:
        """Start what is missing, end what was stopped or deleted; what answers is available."""
        there = {name: one for name, one in self.rds.databases.items() if isinstance(one, Local)}
        wanted = {name: one for name, one in there.items() if one.status != "stopped"}
        for name in self._running.keys() - wanted.keys():
            self._end(name)
            if name not in there:
                shutil.rmtree(self._folder(name), ignore_errors=True)
        for name, one in wanted.items():
            if self._is_to_start(name):
                self._start(name, one)
            if one.status == "creating" and answers(one.port or 0):
                one.status = "available"

    def _start(self, name: str, one: Local) -> None:
        self._started[name] = time.monotonic()
        try:
            process = start(self._of(name, one), self.environment)
        except PostgresError as error:
            log.error("the database %s did not start: %s", name, error)
            one.status = "failed"
        else:
            self._running[name] = (process, child(process.pid))

    def _is_to_start(self, name: str) -> bool:
        held = self._running.get(name)
        is_long_ago = time.monotonic() - self._started.get(name, -LEAST_LIFE) >= LEAST_LIFE
        return is_long_ago and (held is None or held[0].poll() is not None)

    def children(self) -> list[Child]:
        """Every process there is."""
        return [one for _, one in self._running.values()]

    def stop_all(self) -> None:
        """End everything, and wait for it."""
        for name in list(self._running):
            self._end(name)

    def _end(self, name: str) -> None:
        process, known = self._running.pop(name)
        process.send_signal(signal.SIGINT)  # a fast shutdown, whoever is connected
        end(group(known, str(self.home)), STOP)
        process.wait()
        self._started.pop(name, None)

    def _of(self, name: str, one: Local) -> Postgres:
        return Postgres(
            folder=self._folder(name),
            port=one.port or 0,
            user=one.master_username or "postgres",
            password=self._password(one),
            database=one.db_name or "postgres",
        )

    def _password(self, one: Local) -> str:
        if not one.manage_master_user_password:
            return one._master_user_password or ""
        held = self.rds.secretsmanager.get_secret_value(one.master_user_secret.secret_arn, "", "AWSCURRENT")
        return json.loads(held["SecretString"])["password"]

    def _folder(self, name: str) -> Path:
        return self.home / "databases" / name
