// Builds a network in TensorFlow.js's layers API and runs it whenever the server asks: benchmarks/tfjs.py.
//
// graph.json    { input: {name, shape: [H, W, C]}, output, layers: [{name, kind, inputs, config, weights: [shape...]}] }
// weights.bin   float32, the tensors in the order of the graph, in TensorFlow's layouts
// input.bin     float32, (H, W, C)

const bytes = async (path) => (await fetch(path)).arrayBuffer();
const tell = (path, body) => fetch(path, { method: "POST", body });

function build(graph, weights) {
  const input = tf.input({ shape: graph.input.shape });
  const made = { [graph.input.name]: input };
  const layers = [];
  for (const { name, kind, inputs, config } of graph.layers) {
    const layer = tf.layers[kind](config);
    const reads = inputs.map((each) => made[each]);
    made[name] = layer.apply(reads.length > 1 ? reads : reads[0]);
    layers.push(layer);
  }
  let at = 0;
  graph.layers.forEach((each, number) => {
    const tensors = each.weights.map((shape) => {
      const length = shape.reduce((a, b) => a * b, 1);
      return tf.tensor(weights.subarray(at, (at += length)), shape);
    });
    layers[number].setWeights(tensors);
    tf.dispose(tensors);
  });
  return tf.model({ inputs: input, outputs: made[graph.output] });
}

function renderer() {
  const gl = tf.backend().gpgpu.gl;
  const names = gl.getExtension("WEBGL_debug_renderer_info");
  return gl.getParameter(names.UNMASKED_RENDERER_WEBGL);
}

async function main() {
  await tf.setBackend("webgl");
  const graph = await (await fetch("graph.json")).json();
  const model = build(graph, new Float32Array(await bytes("weights.bin")));
  const picture = new Float32Array(await bytes("input.bin"));
  await tell("ready", JSON.stringify({ renderer: renderer(), version: tf.version.tfjs, floats: tf.env().getBool("WEBGL_RENDER_FLOAT32_ENABLED") }));
  while ((await (await fetch("next")).text()) === "run") {
    const start = performance.now();
    const x = tf.tensor(picture, [1, ...graph.input.shape]);
    const y = model.predict(x);
    const values = await y.data();
    const milliseconds = performance.now() - start;
    tf.dispose([x, y]);
    await tell(`result?milliseconds=${milliseconds}`, values);
  }
}

main().catch((error) => tell("failed", `${error.message ?? error}`));
