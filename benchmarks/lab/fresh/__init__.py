"""The part ``fresh``: other data, networks, losses, habits and sizes of fault, made by someone who had not read a rule."""
