"""Composition root: settings → slices → traffic record → weighted rule (drawn in docs/architecture.md)."""

import pulumi

from components import settings as config
from components.aws import preflight
from components.aws.backend import AwsBackend
from components.aws.session import Session
from components.gate import Gate
from components.interrupt import Interrupt
from components.ledger import Ledger

interrupt = Interrupt()
interrupt.listen()

settings = config.load()
session = Session(settings.aws)
given = preflight.check(settings, session)

gate = Gate(settings, session, interrupt)
ledger = Ledger(session.region, lambda spec: preflight.artifact_fault(session.client("ec2", patient=True), spec))
backend = AwsBackend(settings, session, given)

targets = {
    release.version: backend.slice(release, ledger.publish(release), gate.let_go) for release in settings.releases
}
record = gate.record(backend.listener, backend.url, backend.priority, targets)
gate.tidy(backend.split(settings.traffic.shares, targets, record, gate.hold))

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
