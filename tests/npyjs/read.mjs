// Reads .npy files with npyjs and prints what it found, as JSON.
//
//   node read.mjs npyjs|npyjs-one-byte < paths, one a line
//
// For every path: shape, kind of array, and the SHA-256 of the values' bytes.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const npyjs = await import(process.argv[2]);
// Since 1.0 parse is a function of its own; before, a method.
const parse = npyjs.parse ?? ((buffer) => new npyjs.default().parse(buffer));

const found = {};
for (const path of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  const file = readFileSync(path);
  const { data, shape } = parse(file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength));
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  found[path] = { shape, kind: data.constructor.name, sha256: createHash("sha256").update(bytes).digest("hex") };
}
process.stdout.write(JSON.stringify(found));
