"""The parts nobody chose: what is trained, how, with what fault and how it is logged is drawn.

The fifth part is one draw, the sixth a second, the seventh a third that trains for longer.
"""
