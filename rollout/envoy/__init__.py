"""What is configured, in our terms, and the Envoy configuration that means it. Pure."""
