"""The stand-in for pulumi-aws: what the engine asks of a provider, answered by the local AWS and by nothing else."""
