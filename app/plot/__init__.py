"""The chart: a plain Plotly figure in a component of our own, because ``st.plotly_chart`` forgets the zoom on every update."""
