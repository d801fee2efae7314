"""The fifth part: nobody chose its runs. What is trained, how, with what fault and how it is logged is drawn."""
