import os

os.environ["KERAS_BACKEND"] = "torch"  # Keras reads it when it is imported
