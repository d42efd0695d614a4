"""The list and the graph of the network's layers."""
