"""What a service on a Docker host is made of; PLAN, as JSON, says what is asked for this time.

`host`: the daemon's; `image`: by digest; `first`: build a container before its predecessor goes; `probes`: containers
of their own, name → inputs; `unserved`: a type that the stand-in does not have.
"""

import json
import os

import pulumi
import pulumi_docker as docker

PLAN = json.loads(os.environ["PLAN"])
SECONDS = 5

to_host = docker.Provider("host", host=PLAN["host"], ssh_opts=PLAN.get("ssh"))
there = pulumi.ResourceOptions(provider=to_host)


class Slice(pulumi.ComponentResource):
    """A container as a slice has it, with the spellings in which nothing differs."""

    def __init__(self, name: str, network: docker.Network, image: docker.RemoteImage, volume: docker.Volume) -> None:
        super().__init__("sluice:docker:Slice", name, opts=pulumi.ResourceOptions(providers=[to_host]))
        self.container = docker.Container(
            name,
            image=image.repo_digest,
            restart="unless-stopped",
            must_run=True,
            wait=False,
            memory=64,
            memory_swap=64,
            cpus="0.5",
            ulimits=[docker.ContainerUlimitArgs(name="nofile", soft=1024, hard=1024)],
            read_only=True,
            tmpfs={"/tmp": "rw,size=16m"},
            capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"], adds=["CAP_NET_BIND_SERVICE"]),
            security_opts=["no-new-privileges:true"],
            user="10001:10001",
            healthcheck=docker.ContainerHealthcheckArgs(tests=["CMD", "true"], interval="10s", timeout="2s", retries=2),
            networks_advanced=[
                docker.ContainerNetworksAdvancedArgs(name=network.name, aliases=[name], ipv4_address="10.212.10.77")
            ],
            mounts=[docker.ContainerMountArgs(type="volume", source=volume.name, target="/data", read_only=True)],
            log_driver="json-file",
            log_opts={"max-size": "1m"},
            init=False,
            stop_signal="SIGTERM",
            stop_timeout=SECONDS,
            destroy_grace_seconds=SECONDS,
            envs=["A=1", pulumi.Output.secret(PLAN.get("secret", "none")).apply(lambda value: f"SECRET={value}")],
            labels=[docker.ContainerLabelArgs(label="sluice.version", value=name)],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


if "slice" in PLAN:
    network = docker.Network("shop", ipam_configs=[docker.NetworkIpamConfigArgs(subnet="10.212.10.0/24")], opts=there)
    image = docker.RemoteImage(f"image-{PLAN['slice']}", name=PLAN["image"], keep_locally=True, opts=there)
    Slice(PLAN["slice"], network, image, docker.Volume("data", opts=there))
    docker.Tag("kept", source_image=image.repo_digest, target_image="sluice-test/kept:v1", opts=there)
for name, inputs in PLAN.get("probes", {}).items():
    options = pulumi.ResourceOptions(provider=to_host, delete_before_replace=False if PLAN.get("first") else None)
    docker.Container(name, image=PLAN["image"], opts=options, **inputs)
if PLAN.get("unserved"):
    docker.RegistryImage("pushed", name=PLAN["image"], opts=there)
