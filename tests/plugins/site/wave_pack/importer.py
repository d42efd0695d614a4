"""An importer: ``.wave``, a text file with one number, a network of one `Ripple`; or a folder with such a file."""

from studio.plugin import Graph, Imported, Input, Network, Node, Size, StudioError
from wave_pack.op import Ripple


class WaveImporter:
    name = "wave text"
    suffixes = (".wave",)

    def match(self, path):
        return path.suffix == ".wave" or (path / "times.wave").is_file()

    def open(self, path, options):
        path = path / "times.wave" if path.is_dir() else path
        try:
            times = float(path.read_text("utf-8"))
        except ValueError as error:
            raise StudioError(f"{path}: it holds no number; write one.") from error
        graph = Graph((Input("picture"),), (Node("ripple", Ripple(times=times), ("picture",)),), "ripple")
        return Imported(Network(path.stem, graph, {}), self.name, Size(64, 64), {})


IMPORTER = WaveImporter()
