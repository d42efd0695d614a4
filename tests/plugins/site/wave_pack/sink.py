"""A codec: ``.raw``, pictures one after the other."""

from studio.plugin import BaseSink


class RawSink(BaseSink):
    def __init__(self, recording):
        super().__init__(recording, recording.path.with_name(recording.path.name + ".part"))
        self._file = self.part.open("wb")

    def _put(self, picture):
        self._file.write(picture.tobytes())

    def _complete(self):
        self._file.close()

    def _discard(self):
        self._file.close()
        super()._discard()


class RawCodec:
    name = "raw"
    description = "bytes"
    suffixes = (".raw",)
    order = 90

    def match(self, path):
        return path.suffix == ".raw"

    def open(self, recording):
        return RawSink(recording)


CODEC = RawCodec()
