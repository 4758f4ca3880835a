"""The stand-in for pulumi-docker: what the engine asks of a provider, answered by a real daemon on this machine."""
