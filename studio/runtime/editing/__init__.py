"""Edits worked out while the picture plays: previews, kernels carried over, words for the history."""
