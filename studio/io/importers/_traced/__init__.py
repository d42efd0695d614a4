"""PyTorch's modules as lists of calls, traced in memory or read from a .pt2, and running those into a draft."""
