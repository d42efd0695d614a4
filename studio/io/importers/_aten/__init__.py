"""What PyTorch's operators mean, by their ATen names."""
