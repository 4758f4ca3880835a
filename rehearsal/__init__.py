"""The rehearsal cloud: the same program and rollout against a local stand-in for AWS."""
