"""Record a script that knows nothing of us: ``python -m collector train.py --its --own --args``.

``command`` reads the command line, ``script`` runs the script as Python would, ``session`` watches it from outside: patches of
torch's loss functions, of back-propagation and of the optimizers tell what happens, and the ordinary ``Collector`` writes it.
Nothing is patched, and neither torch nor numpy is imported, before the script imports torch itself: scripts set environment
variables (``CUDA_VISIBLE_DEVICES``, ``OMP_NUM_THREADS``) before that import, and those that never train pay nothing.
"""
