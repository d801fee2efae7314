"""One framework, one file: what its callbacks say, translated for the collector.

Each file imports its framework; nothing else of ours does. All of them take a run folder or a ``Collector``.
"""
