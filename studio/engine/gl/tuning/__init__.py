"""Ways to run a convolution, and which of them is the fastest on a device."""
