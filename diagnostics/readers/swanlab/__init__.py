"""SwanLab, as it records runs and as it stored them before."""
