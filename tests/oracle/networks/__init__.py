"""The networks of specs/, written by hand in eager PyTorch; one module a spec."""
