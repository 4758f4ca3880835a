"""The container images that the project itself brings: `sluice/node` for apps, `sluice/router` for Envoy."""
