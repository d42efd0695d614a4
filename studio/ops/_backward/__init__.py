"""What derivatives are made of, besides the operators of files: one file a family, as in ``studio/ops``.

Networks are never saved with these, so that they are not registered.
"""
