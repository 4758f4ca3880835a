"""Composition root: settings → slices → traffic record → weighted rule (drawn in docs/architecture.md)."""

import signal
import threading

import pulumi

from components import settings as config
from components.aws import preflight
from components.aws.backend import AwsBackend
from components.aws.session import Session
from components.gate import Gate
from components.ledger import Ledger

# The language host turns Ctrl-C, SIGTERM and a CI runner's cancel into SIGINT here, and kills this process 5 s later.
stop = threading.Event()
signal.signal(signal.SIGINT, lambda *_: stop.set())

settings = config.load()
session = Session(settings.aws)
given = preflight.check(settings, session)

gate = Gate(settings, session, stop)
ledger = Ledger(session.region, lambda spec: preflight.artifact_fault(session.client("ec2"), spec))
backend = AwsBackend(settings, session, given)

targets = {
    release.version: backend.slice(release, ledger.publish(release), gate.let_go) for release in settings.releases
}
record = gate.record(backend.listener, backend.priority, targets)
backend.split(settings.traffic.shares, targets, record, gate.hold)

pulumi.export("url", backend.url)
pulumi.export(
    "sluice",
    {
        "service": settings.service.name,
        "platform": settings.platform,
        "region": session.region,
        "listener": backend.listener,
        "priority": backend.priority,
        "slices": {
            release.version: {
                "group": targets[release.version].group,
                "fleet": targets[release.version].fleet,
                "artifact": release.artifact,
            }
            for release in settings.releases
        },
    },
)
