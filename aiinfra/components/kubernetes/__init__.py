"""Components on Kubernetes."""
