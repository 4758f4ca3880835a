"""Composition root: settings → slices → traffic record → weighted rule (drawn in docs/architecture.md)."""

import pulumi

from components import previews
from components import settings as config
from components.backend import backend as platform
from components.drivers import drivers as reach
from components.gate import Gate
from components.interrupt import Interrupt
from components.ledger import Ledger

interrupt = Interrupt()
interrupt.listen()

settings = config.load()
previews.warn(settings.previews)
drivers = reach(settings)
gate = Gate(settings, drivers, interrupt)
backend = platform(settings, drivers)
ledger = Ledger(backend.where, settings.trust, backend.fault)

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
        **backend.where,
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
