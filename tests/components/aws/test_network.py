"""The network, made or given."""

import ipaddress


def test_public_and_private_subnets_of_the_vpc_share_no_address(dev):
    vpc = ipaddress.IPv4Network(dev.one("Vpc").inputs["cidrBlock"])
    blocks = [ipaddress.IPv4Network(one.inputs["cidrBlock"]) for one in dev.all("Subnet")]
    assert all(block.subnet_of(vpc) for block in blocks)
    assert not [(one, other) for one in blocks for other in blocks if one is not other and one.overlaps(other)]


def test_no_subnet_gives_out_public_addresses(dev):
    assert [one.inputs["mapPublicIpOnLaunch"] for one in dev.all("Subnet")] == [False] * 4


def test_each_kind_of_subnet_stands_in_two_zones(dev):
    zones = {one.name: one.inputs["availabilityZone"] for one in dev.all("Subnet")}
    assert zones == {
        "shop-private-0": "us-east-1a",
        "shop-private-1": "us-east-1b",
        "shop-public-0": "us-east-1a",
        "shop-public-1": "us-east-1b",
    }


def test_the_way_out_of_the_private_subnets_is_the_nat_gateway(dev):
    private, public = dev.one("Route", "shop-private"), dev.one("Route", "shop-public")
    assert list(private.request.propertyDependencies["natGatewayId"].urns) == [dev.one("NatGateway").urn]
    assert list(public.request.propertyDependencies["gatewayId"].urns) == [dev.one("InternetGateway").urn]


def test_a_given_network_is_used_and_nothing_of_it_is_made(deploy, theirs):
    cloud = deploy(network={"vpc": theirs.vpc, "subnets": theirs.subnets})
    assert [one.urn for one in cloud.custom if one.parent == "sluice:aws:Network"] == []
    assert cloud.one("group:Group").inputs["vpcZoneIdentifiers"] == theirs.subnets
    assert cloud.one("LoadBalancer").inputs["subnets"] == theirs.subnets
    assert {one.inputs["vpcId"] for one in [*cloud.all("TargetGroup"), *cloud.all("SecurityGroup")]} == {theirs.vpc}
    assert cloud.one("SecurityGroupIngressRule", "shop-balancer-80").inputs["cidrIpv4"] == "10.99.0.0/16"
