"""Half a codec."""


class Codec:
    name = "half"


CODEC = Codec()
