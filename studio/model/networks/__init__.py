"""A network: operators, layers, inputs, values, tensors; and a preset of it, section by section."""
