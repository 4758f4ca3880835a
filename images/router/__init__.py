"""The router's image: Envoy, what it is linked to, and the few commands by which it is written to and asked."""
