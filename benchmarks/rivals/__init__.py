"""Other tools that judge training curves, one adapter a file: what each is given, and what its findings say in our words.

An adapter defines ``PACKAGE``, ``FORM``, ``WORDS``, ``prepare`` and ``judge``. It runs in an environment of its own, made by
``benchmarks.rivals.environment``, so that no rival's dependency becomes ours: it may import its rival inside ``prepare`` and ``judge``,
the standard library and ``benchmarks.rivals.log``, nothing else.
"""

NAMES = ("runmedic", "gradsnitch", "losslint", "trainspotter", "training_doctor", "sk_autod")
"""The adapters, in the order in which they are shown."""
