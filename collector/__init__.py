"""Record a training run: ``with Collector("runs/digits", model=model, optimizer=optimizer) as run: run.log(loss=loss)``."""
