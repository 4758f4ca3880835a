"""Counts visits in the Postgres that PGHOST, PGPORT, PGDATABASE and PGUSER name, as `visits.js` does.

In: a version; the password is in the file PGPASSFILE, or in the secret that SLUICE_DATABASE_SECRET names. Out: how many
visits there are; a 503 while the database is away. A real service uses psycopg, which reads the same, and AWS's SDK for
the secret; this one has no packages.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import re
import secrets
import struct
import urllib.request
from pathlib import Path
from typing import Any

PATIENCE = 3.0  # seconds
# One transaction; with a lock, since of two who make one table at once one is refused.
MAKE = "SELECT pg_advisory_xact_lock(7); CREATE TABLE IF NOT EXISTS visits (version text, at timestamptz DEFAULT now())"


class Connection:
    """One connection to the database."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, password: bytes) -> None:
        self._reader = reader
        self._password = password
        self.writer = writer
        self._first = self._server = ""

    async def open(self) -> None:
        """Say who asks, prove it, and see that the table is there."""
        names = {"user": os.environ["PGUSER"], "database": os.environ["PGDATABASE"]}
        body = "".join(f"{name}\0{value}\0" for name, value in names.items()).encode() + b"\0"
        self.writer.write(struct.pack(">ii", 8 + len(body), 196_608) + body)
        await self._answer()
        await self.query(MAKE)

    async def query(self, text: str) -> str:
        """The first column of the last row."""
        self._send(b"Q", f"{text}\0".encode())
        return await self._answer()

    def _send(self, kind: bytes, body: bytes) -> None:
        self.writer.write(kind + struct.pack(">i", 4 + len(body)) + body)

    async def _answer(self) -> str:
        row = ""
        while True:
            kind, size = struct.unpack(">ci", await self._reader.readexactly(5))
            body = await self._reader.readexactly(size - 4)
            if kind == b"R":
                self._prove(struct.unpack(">i", body[:4])[0], body[4:].decode())
            elif kind == b"D":
                row = body[6 : 6 + struct.unpack(">i", body[2:6])[0]].decode()
            elif kind == b"E":
                raise OSError(body.decode().partition("\0M")[2].partition("\0")[0])
            elif kind == b"Z":
                return row

    def _prove(self, step: int, said: str) -> None:
        """SCRAM-SHA-256 (RFC 7677): the server, too, has to know the password."""
        if step == 10:
            self._first = f"n=,r={secrets.token_urlsafe(18)}"
            text = f"n,,{self._first}".encode()
            self._send(b"p", b"SCRAM-SHA-256\0" + struct.pack(">i", len(text)) + text)
        elif step == 11:
            given = {one[0]: one[2:] for one in said.split(",")}
            salted = hashlib.pbkdf2_hmac("sha256", self._password, base64.b64decode(given["s"]), int(given["i"]))
            key = hmac.digest(salted, b"Client Key", "sha256")
            text = f"{self._first},{said},c=biws,r={given['r']}".encode()
            mask = hmac.digest(hashlib.sha256(key).digest(), text, "sha256")
            proof = base64.b64encode(bytes(one ^ other for one, other in zip(key, mask, strict=True))).decode()
            server = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), text, "sha256")
            self._server = f"v={base64.b64encode(server).decode()}"
            self._send(b"p", f"c=biws,r={given['r']},p={proof}".encode())
        elif step not in (0, 12) or (step == 12 and said != self._server):
            raise OSError("it is not who it should be")


def password() -> bytes:
    """Read anew for each connection, as it may have been changed. A line is host:port:database:user:password."""
    if arn := os.environ.get("SLUICE_DATABASE_SECRET"):
        return json.loads(secret(arn)["SecretString"])["password"].encode()
    line = Path(os.environ["PGPASSFILE"]).read_text().splitlines()[0]
    return re.sub(r"\\(.)", r"\1", line.split(":", 4)[4]).encode()


def secret(arn: str) -> dict[str, Any]:
    """As the rehearsal cloud takes it: it looks at no signature."""
    scope = f"rehearsal/20260101/{arn.split(':')[3]}/secretsmanager/aws4_request"
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "secretsmanager.GetSecretValue",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
    }
    body = json.dumps({"SecretId": arn}).encode()
    request = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"], body, headers)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=PATIENCE) as answer:
        return json.load(answer)


class Visits:
    """All of one process, counted one at a time."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._open: Connection | None = None

    async def count(self, version: str) -> int:
        """One visit more, of a slice of *version*; how many there are with it. OSError while the database is away."""
        async with self._turn:
            try:
                return await asyncio.wait_for(self._add(version), PATIENCE)
            except (OSError, EOFError) as error:
                if self._open:
                    self._open.writer.close()
                self._open = None
                raise OSError(str(error)) from error

    async def _add(self, version: str) -> int:
        if self._open is None:
            at = await asyncio.open_connection(os.environ["PGHOST"], int(os.environ.get("PGPORT", "5432")))
            made = Connection(*at, await asyncio.to_thread(password))
            await made.open()
            self._open = made
        one = version.replace("'", "''")
        return int(
            await self._open.query(f"INSERT INTO visits (version) VALUES ('{one}'); SELECT count(*) FROM visits")
        )


_all = Visits()


async def page(who: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """One visit more, as an answer; without its database the service serves all the same, but for this page."""
    try:
        return 200, {**who, "visits": await _all.count(who["version"])}
    except OSError as error:
        return 503, {"error": f"the database is away: {error}"}
