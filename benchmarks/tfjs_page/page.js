// Builds a network in TensorFlow.js's layers API, and runs or teaches it whenever the server asks: benchmarks/tfjs.py and
// benchmarks/learning_peers.py.
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
  for (;;) {
    const [asked, steps, rate] = (await (await fetch("next")).text()).split(" ");
    if (asked !== "run" && asked !== "train") return;
    const start = performance.now();
    const values = await (asked === "run" ? run(model, graph, picture) : train(model, graph, picture, +steps, +rate));
    await tell(`result?milliseconds=${performance.now() - start}`, values);
  }
}

async function run(model, graph, picture) {
  const x = tf.tensor(picture, [1, ...graph.input.shape]);
  const y = model.predict(x);
  const values = await y.data();
  tf.dispose([x, y]);
  return values;
}

// Steps of Adam towards the picture itself; their losses.
async function train(model, graph, picture, steps, rate) {
  if (!model.optimizer) model.compile({ optimizer: tf.train.adam(rate, 0.9, 0.999, 1e-8), loss: "meanSquaredError" });
  const losses = [];
  for (let step = 0; step < steps; step++) {
    const x = tf.tensor(picture, [1, ...graph.input.shape]);
    losses.push(await model.trainOnBatch(x, x));
    tf.dispose(x);
  }
  // The last step is done when a weight that it moved can be read.
  await model.getWeights()[0].data();
  return new Float32Array(losses);
}

main().catch((error) => tell("failed", `${error.message ?? error}`));
