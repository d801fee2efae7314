"""Real small networks on real data that ships inside Python packages, each trained with exactly one fault."""
