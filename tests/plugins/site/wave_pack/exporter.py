"""An exporter: ``.names``, the names of the layers."""


class NamesExporter:
    name = "names"
    description = "names of layers"
    suffixes = (".names",)

    def export(self, preset, path, options):
        path.write_text("\n".join(node.name for node in preset.network.graph.nodes), "utf-8")
        return ("Weights are left out.",)


EXPORTER = NamesExporter()
