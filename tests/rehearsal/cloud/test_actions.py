"""Names of AWS's actions."""

import pytest

from rehearsal.cloud.actions import exist, matches


@pytest.mark.parametrize(
    ("pattern", "service", "action", "expected"),
    [
        ("ModifyRule", "elasticloadbalancing", "ModifyRule", True),
        ("ModifyRule", "elasticloadbalancing", "ModifyRules", False),
        ("modifyrule", "elasticloadbalancing", "ModifyRule", False),
        ("Describe*", "ec2", "DescribeVpcs", True),
        ("ec2:Describe*", "ec2", "DescribeVpcs", True),
        ("ec2:Describe*", "autoscaling", "DescribeTags", False),
        ("*", "s3", "", True),
        ("s3:*", "s3", "", True),
        ("Describe*", "s3", "", False),
    ],
)
def test_a_pattern_names_actions_as_in_an_iam_policy(pattern, service, action, expected):
    assert expected == matches(pattern, service, action)


@pytest.mark.parametrize("pattern", ["*", "ModifyRule", "ec2:*", "s3:Put*", "cloudwatch:GetMetricData", "sts:*"])
def test_actions_that_exist(pattern):
    assert exist(pattern)


@pytest.mark.parametrize("pattern", ["", "ModifyRul", "ec2:ModifyRule", "elb:*", "modifyrule"])
def test_actions_that_do_not(pattern):
    assert not exist(pattern)
