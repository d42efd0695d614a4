"""A codec: ``.raw``, pictures one after the other."""

from studio.plugin import BaseSink


class RawSink(BaseSink):
    def __init__(self, path, size):
        super().__init__(path, path.with_name(path.name + ".part"), size)
        self._file = self.part.open("wb")

    def _put(self, picture):
        self._file.write(picture.tobytes())

    def _finish(self):
        self._file.close()
        self.part.replace(self.path)

    def _discard(self):
        self._file.close()
        self.part.unlink()


class RawCodec:
    name = "raw"
    description = "bytes"
    suffixes = (".raw",)
    order = 90

    def match(self, path):
        return path.suffix == ".raw"

    def open(self, path, size, fps, audio, audio_range):
        return RawSink(path, size)


CODEC = RawCodec()
