"""Manifests are held to the schemas of those who will read them: Kubernetes, KServe, Prometheus' operator, cert-manager."""
