"""Manifests are held to the schemas of those who read them: Kubernetes, KServe, Prometheus' operator, cert-manager."""
