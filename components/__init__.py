"""What stands: the Pulumi component resources of a service."""
