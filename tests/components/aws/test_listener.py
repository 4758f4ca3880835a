"""The entry of a service: load balancer and listener, made or given."""

from tests.configs import CERTIFICATE


def made(cloud):
    return [one for one in cloud.custom if one.parent == "sluice:aws:Listener"]


def test_the_load_balancer_drops_invalid_headers_and_resists_deletion(dev):
    balancer = dev.one("LoadBalancer").inputs
    assert balancer["dropInvalidHeaderFields"] is True
    assert balancer["enableDeletionProtection"] is True
    assert "accessLogs" not in balancer


def test_access_logs_go_where_the_config_says(public):
    assert public.one("LoadBalancer").inputs["accessLogs"] == {"bucket": "our-logs", "enabled": True, "prefix": "shop"}


def test_an_internal_listener_is_reached_from_inside_the_vpc_only(dev):
    assert dev.one("LoadBalancer").inputs["internal"] is True
    (way_in,) = [one.inputs for one in made(dev) if one.type.endswith("SecurityGroupIngressRule")]
    assert (way_in["cidrIpv4"], way_in["fromPort"], way_in["toPort"]) == ("10.20.0.0/16", 80, 80)


def test_a_listener_answers_503_where_no_rule_takes_the_request(dev):
    (action,) = dev.one("lb/listener:Listener").inputs["defaultActions"]
    assert (action["type"], action["fixedResponse"]["statusCode"]) == ("fixed-response", "503")


def test_with_a_certificate_only_modern_tls_is_spoken(public):
    entry = public.one("lb/listener:Listener", "shop").inputs
    told = [entry[key] for key in ("port", "protocol", "certificateArn", "sslPolicy")]
    assert told == [443, "HTTPS", CERTIFICATE, "ELBSecurityPolicy-TLS13-1-2-2021-06"]
    assert public.stack["url"].startswith("https://shop-")


def test_with_a_certificate_plain_http_is_sent_to_https(public):
    redirect = public.one("lb/listener:Listener", "shop-redirect").inputs
    assert (redirect["port"], redirect["protocol"]) == (80, "HTTP")
    assert redirect["defaultActions"] == [
        {"type": "redirect", "redirect": {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}}
    ]


def test_a_public_listener_opens_its_two_ports_and_no_other(public):
    ways_in = [one.inputs for one in made(public) if one.type.endswith("SecurityGroupIngressRule")]
    assert {(one["fromPort"], one["toPort"], one["cidrIpv4"]) for one in ways_in} == {
        (443, 443, "0.0.0.0/0"),
        (80, 80, "0.0.0.0/0"),
    }


def test_a_public_load_balancer_stands_in_the_public_subnets(public):
    asked = public.one("LoadBalancer").request.propertyDependencies["subnets"].urns
    assert set(asked) == {one.urn for one in public.all("Subnet", "shop-public-0", "shop-public-1")}


def test_a_given_load_balancer_is_used_and_gets_a_listener(deploy, theirs):
    cloud = deploy(network=theirs.network, listener={"balancer": theirs.balancer, "port": 8080})
    assert [(one.type, one.inputs["port"], one.inputs["loadBalancerArn"]) for one in made(cloud)] == [
        ("aws:lb/listener:Listener", 8080, theirs.balancer)
    ]
    assert cloud.one("SecurityGroupIngressRule").inputs["referencedSecurityGroupId"] == theirs.guard
    assert cloud.stack["url"] == f"http://{theirs.dns_name}:8080"


def test_a_given_listener_is_used_for_one_host_only(deploy, theirs):
    cloud = deploy(network=theirs.network, listener={"arn": theirs.listener, "host": "shop.example.com"})
    assert made(cloud) == []
    rules = cloud.all("ListenerRule")
    assert [rule.inputs["listenerArn"] for rule in rules] == [theirs.listener] * 2
    assert [rule.inputs["conditions"][1] for rule in rules] == [{"hostHeader": {"values": ["shop.example.com"]}}] * 2
    assert cloud.stack["url"] == "http://shop.example.com:8000"
