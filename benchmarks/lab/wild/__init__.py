"""The fifth part, and the sixth, a second draw: nobody chose their runs. What is trained, how, with what fault and how it is logged is drawn."""
