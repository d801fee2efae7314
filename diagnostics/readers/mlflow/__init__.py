"""MLflow: its store of files and its database."""
