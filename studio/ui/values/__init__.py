"""The panel of picture values: range, mean, deviation, order of channels."""
