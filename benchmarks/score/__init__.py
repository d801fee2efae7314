"""How right, how early and how quiet the diagnosis is: what ``python -m benchmarks.diagnosis`` measures."""
