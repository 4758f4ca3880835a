"""The data layer's shell."""

import json


def test_the_bucket_is_private(dev):
    block = dev.one("BucketPublicAccessBlock").inputs
    switches = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    assert [block[switch] for switch in switches] == [True] * 4


def test_the_bucket_is_versioned_and_encrypted(dev):
    assert dev.one("BucketVersioning").inputs["versioningConfiguration"] == {"status": "Enabled"}
    (rule,) = dev.one("BucketServerSideEncryptionConfiguration").inputs["rules"]
    assert rule == {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}


def test_the_bucket_is_reached_over_tls_only(dev):
    bucket, policy = dev.outputs[dev.one("Data").urn], dev.one("BucketPolicy")
    (statement,) = json.loads(policy.inputs["policy"])["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
    assert statement["Resource"] == [bucket["arn"], f"{bucket['arn']}/*"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_policy_comes_after_the_access_block(dev):
    assert dev.one("BucketPublicAccessBlock").urn in dev.one("BucketPolicy").request.dependencies
