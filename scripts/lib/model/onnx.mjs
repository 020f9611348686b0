// Writes an ONNX model: as much of its protobuf as a graph of plain nodes needs.

const VARINT = 0;
const LENGTH = 2;
const FIXED32 = 5;

function varint(value) {
  const bytes = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

const tag = (field, kind) => varint((field << 3) | kind);
const int = (field, value) => Buffer.concat([tag(field, VARINT), varint(value)]);
const bytes = (field, value) => Buffer.concat([tag(field, LENGTH), varint(value.length), value]);
const string = (field, value) => bytes(field, Buffer.from(value));
const message = (field, ...parts) => bytes(field, Buffer.concat(parts));

function float(field, value) {
  const four = Buffer.alloc(4);
  four.writeFloatLE(value);
  return Buffer.concat([tag(field, FIXED32), four]);
}

/** ONNX's numbers for the types that are used here. */
const types = { float: 1, uint8: 2, int64: 7 };

const tensor = (name, type, shape, data) =>
  message(5, ...shape.map((size) => int(1, size)), int(2, types[type]), string(8, name), bytes(9, data));

/** A size of a value's shape is a number, or a name where it is known only when the model runs. */
function value(field, name, type, shape) {
  const sizes = shape.map((size) => message(1, typeof size === 'number' ? int(1, size) : string(2, size)));
  return message(field, string(1, name), message(2, message(1, int(1, types[type]), message(2, ...sizes))));
}

/** Whole numbers are ints: what must be a float is given as `{ float: 1 }`. */
function attribute(name, given) {
  if (Array.isArray(given)) return message(5, string(1, name), ...given.map((i) => int(8, i)), int(20, 7));
  if (typeof given === 'object') return message(5, string(1, name), float(2, given.float), int(20, 1));
  return message(5, string(1, name), int(3, given), int(20, 2));
}

const little = (array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);

/** A graph that grows node by node; a value is known by its name. */
export function newGraph(name, opset) {
  const nodes = [];
  const tensors = [];
  const ends = [];
  let count = 0;
  const graph = {
    input(id, type, shape) {
      ends.push(value(11, id, type, shape));
      return id;
    },
    output(id, type, shape) {
      ends.push(value(12, id, type, shape));
    },
    /** Raw bytes as a constant. */
    constant(type, shape, data) {
      const id = `c${count++}`;
      tensors.push(tensor(id, type, shape, data));
      return id;
    },
    floats: (shape, numbers) => graph.constant('float', shape, little(Float32Array.from(numbers))),
    ints: (numbers) =>
      graph.constant('int64', [numbers.length], little(BigInt64Array.from(numbers, (one) => BigInt(one)))),
    /** Adds a node and returns the name of its one output, or of all if `outputs` says how many. */
    node(type, inputs, attributes = {}, outputs = 1) {
      const ids = Array.from({ length: outputs }, () => `v${count++}`);
      nodes.push(
        message(
          1,
          ...inputs.map((id) => string(1, id)),
          ...ids.map((id) => string(2, id)),
          string(4, type),
          ...Object.entries(attributes).map(([key, given]) => attribute(key, given)),
        ),
      );
      return outputs === 1 ? ids[0] : ids;
    },
    encode: () =>
      Buffer.concat([
        int(1, 9),
        string(2, 'coterie'),
        message(7, ...nodes, string(2, name), ...tensors, ...ends),
        message(8, string(1, ''), int(2, opset)),
      ]),
  };
  return graph;
}
