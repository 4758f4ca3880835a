"""The controller of one service: settings and AWS clients made into everything that a walk touches.

In: settings, a session, where the weights live. Out: a `Controller`, and the `Order` that the settings mean.
"""

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from components import naming
from components.aws.session import Session
from components.settings import Settings
from rollout import smoke, stores
from rollout.autoscaling import AutoScalingFleets
from rollout.clock import RealClock
from rollout.controller import Controller, Order
from rollout.journal import Entry
from rollout.metrics.cloudwatch import CloudWatchSource
from rollout.metrics.envoy import EnvoySource
from rollout.metrics.interface import Source
from rollout.metrics.prometheus import PrometheusSource
from rollout.routers.alb import AlbRouter
from rollout.shares import Shares

COMMAND_LIMIT = 600.0  # seconds that the command gate may take


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where one service's weights live: its listener, the rule's priority, the slices' groups and fleets, its URL."""

    listener: str
    priority: int
    url: str
    groups: Mapping[str, str]
    fleets: Mapping[str, str | None]


def controller(
    settings: Settings,
    session: Session,
    place: Place,
    stack: str,
    *,
    stop: threading.Event,
    say: Callable[[str], None],
    done: Callable[[Entry], None],
) -> Controller:
    """What walks at *place*; *done* gets the entry of each walk that ended."""
    return Controller(
        router=router(settings, session, place),
        fleets=AutoScalingFleets(autoscaling=session.client("autoscaling"), fleets=place.fleets),
        source=source(settings, session, place) if settings.strategy.gates else None,
        smoke=lambda version, check: smoke.run(
            settings.strategy.command, _given(settings, place, version), check, COMMAND_LIMIT
        ),
        journal=stores.journal(journal_place(settings, stack), lambda: session.client("s3"), say),
        clock=RealClock(),
        stop=stop,
        say=say,
        done=done,
    )


def order(
    settings: Settings,
    stack: str,
    recorded: Shares | None,
    created: frozenset[str] = frozenset(),
    retired: frozenset[str] = frozenset(),
) -> Order:
    """What *settings* ask for; what the environment adds (SLUICE_TAKE_OVER, SLUICE_DOWN) is meant for one run."""
    return Order(
        service=settings.service.name,
        stack=stack,
        recorded=recorded,
        planned=settings.traffic.shares,
        declared=frozenset(release.version for release in settings.releases),
        strategy=settings.strategy,
        sizes={release.version: release.size for release in settings.releases if not release.external},
        created=created,
        retired=retired,
        take_over=os.environ.get("SLUICE_TAKE_OVER") == "yes",
        down=os.environ.get("SLUICE_DOWN") == stack,
    )


def router(settings: Settings, session: Session, place: Place) -> AlbRouter:
    """The driver of the weights at *place*."""
    return AlbRouter(
        elbv2=session.client("elbv2"),
        autoscaling=session.client("autoscaling"),
        listener=place.listener,
        priority=place.priority,
        service=settings.service.name,
        groups=dict(place.groups),
        fleets=place.fleets,
    )


def source(settings: Settings, session: Session, place: Place) -> Source:
    """The source of counts that `sluice:metrics` names."""
    latency, metrics, clock = settings.strategy.latency, settings.metrics, RealClock()
    over = latency.over if latency else None
    if metrics.prometheus:
        of = metrics.prometheus
        return PrometheusSource(
            url=of.url,
            clock=clock,
            versions=sorted(place.groups),
            total=of.total,
            failed=of.failed,
            slow=of.slow,
            period=of.period,
        )
    if metrics.envoy:
        clusters = {
            version: metrics.envoy.cluster.replace("{version}", version).replace(
                "{group}", "-".join(group.split("/")[-2:])
            )
            for version, group in place.groups.items()
        }
        return EnvoySource(url=metrics.envoy.url, clock=clock, clusters=clusters, over=over)
    terms = {"period": metrics.cloudwatch.period, "late": metrics.cloudwatch.late} if metrics.cloudwatch else {}
    balancer = place.listener.replace(":listener/", ":loadbalancer/").rpartition("/")[0]
    return CloudWatchSource(
        cloudwatch=session.client("cloudwatch"), clock=clock, groups=place.groups, balancer=balancer, over=over, **terms
    )


def journal_place(settings: Settings, stack: str) -> str:
    """Where the journal of *stack* is kept: a folder, or an s3:// URL."""
    return settings.journal or str(Path(".sluice", "journal", stack))


def _given(settings: Settings, place: Place, version: str) -> dict[str, str]:
    """The environment of the command gate: how to reach *version* before it has a share."""
    header = f"X-Slice: {naming.isolation_value(version, settings.salt)}"
    return {"SLUICE_URL": place.url, "SLUICE_HEADER": header, "SLUICE_VERSION": version}
