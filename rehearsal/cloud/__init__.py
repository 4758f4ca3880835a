"""The local AWS: moto, Envoy and real processes."""
