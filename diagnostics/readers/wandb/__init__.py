"""W&B: a run's own record, and charts that were saved."""
