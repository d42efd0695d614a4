// Trains ConvNetJS's CIFAR-10 network in node whenever told to: benchmarks/learning_peers.py.
//
// Its layers are those of ConvNetJS's own demo; in place of the softmax stands a regression, which has the mean squared
// error's gradient. Says its first weights, then answers each line "N" with the seconds of the processor that N steps
// took, and their losses.

const convnetjs = require("convnetjs");
const readline = require("readline");

const [batch, rate, seed] = process.argv.slice(2).map(Number);
let state = seed;
// Numbers of a seed (mulberry32), in place of Math.random, so that a run can be repeated.
Math.random = () => {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};

const net = new convnetjs.Net();
net.makeLayers([
  { type: "input", out_sx: 32, out_sy: 32, out_depth: 3 },
  { type: "conv", sx: 5, filters: 16, stride: 1, pad: 2, activation: "relu" },
  { type: "pool", sx: 2, stride: 2 },
  { type: "conv", sx: 5, filters: 20, stride: 1, pad: 2, activation: "relu" },
  { type: "pool", sx: 2, stride: 2 },
  { type: "conv", sx: 5, filters: 20, stride: 1, pad: 2, activation: "relu" },
  { type: "pool", sx: 2, stride: 2 },
  { type: "regression", num_neurons: 10 },
]);
const trainer = new convnetjs.Trainer(net, { method: "sgd", learning_rate: rate, momentum: 0, batch_size: batch, l2_decay: 0 });
const learning = net.layers.filter((layer) => layer.filters);
const say = (found) => process.stdout.write(JSON.stringify(found) + "\n");

// The examples are numbers of the same generator: a batch of pictures, and ten numbers for each.
const examples = Array.from({ length: batch }, () => {
  const picture = new convnetjs.Vol(32, 32, 3, 0);
  for (let k = 0; k < picture.w.length; k++) picture.w[k] = Math.random() - 0.5;
  return [picture, Array.from({ length: 10 }, () => Math.random() - 0.5)];
});

say({
  layers: learning.map((layer) => ({ filters: layer.filters.map((f) => Array.from(f.w)), biases: Array.from(layer.biases.w) })),
  pictures: examples.map(([picture]) => Array.from(picture.w)),
  wanted: examples.map(([, wanted]) => wanted),
});

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const losses = [];
  const before = process.cpuUsage();
  for (let step = 0; step < Number(line); step++) {
    let loss = 0;
    for (const [picture, wanted] of examples) loss += trainer.train(picture, wanted).cost_loss;
    losses.push(loss / batch);
  }
  const { user, system } = process.cpuUsage(before);
  say({ seconds: (user + system) / 1e6, losses });
});
