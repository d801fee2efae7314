"""What the collector costs and what it loses, beside its peers: the parts of ``python -m benchmarks.collector``."""
