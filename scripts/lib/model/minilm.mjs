// all-MiniLM-L6-v2 as an ONNX graph, made of the weights of its TensorFlow.js graph. The graph itself is written anew:
// the one that TensorFlow exports computes shapes in a thousand nodes, and ONNX has an operator for most of the rest.
import { newGraph } from './onnx.mjs';

const LAYERS = 6;
const HEADS = 12;
const WIDTH = 384;
const EPSILON = { float: 1e-12 };
/** The byte that is zero among the numbers of a token. */
const MIDDLE = 128;
/** ONNX's numbers for types. */
const FLOAT = 1;
const UINT8 = 2;

/** The weights of a graph of TensorFlow.js by name: 8 bits each, with `scale` and `min` to make numbers of them. */
function readWeights(model, data) {
  const weights = new Map();
  const sizes = { uint8: 1, int32: 4, float32: 4 };
  let at = 0;
  for (const { name, shape, dtype, quantization } of model.weightsManifest.flatMap(
    (group) => group.weights,
  )) {
    const length = shape.reduce((all, one) => all * one, 1);
    const end = at + length * sizes[quantization?.dtype ?? dtype];
    weights.set(name, { shape, quantization, bytes: data.subarray(at, end) });
    at = end;
  }
  if (at !== data.length) throw new Error(`the weights are ${data.length} bytes, and should be ${at}`);
  return weights;
}

/**
 * The model's file: `input_ids` in, unit vectors out, one a text. Texts that run together have the same number of tokens:
 * none is filled up, so there is no mask.
 */
export function convertMiniLM(model, data) {
  const weights = readWeights(model, data);
  const graph = newGraph('all-MiniLM-L6-v2', 20);
  const { node, floats, ints } = graph;

  function weight(name) {
    const found = weights.get(name);
    if (!found) throw new Error(`the model has no weight ${name}`);
    return found;
  }

  /** Small ones as floats: they are 1% of the size, and not every one has a byte that is zero. */
  function vector(name) {
    const { shape, quantization, bytes } = weight(name);
    return floats(
      shape,
      Array.from(bytes, (byte) => byte * quantization.scale + quantization.min),
    );
  }

  /** Large ones as they are: the bytes, what a step is worth, and which byte is zero. */
  function matrix(name) {
    const { shape, quantization, bytes } = weight(name);
    const zero = Math.round(-quantization.min / quantization.scale);
    if (Math.abs(zero * quantization.scale + quantization.min) > 1e-6)
      throw new Error(`${name}: no byte is zero`);
    return {
      bytes: graph.constant('uint8', shape, bytes),
      scale: floats([], [quantization.scale]),
      zero: graph.constant('uint8', [], Buffer.of(zero)),
    };
  }

  /** Chosen rows of a table: only they become floats. */
  function rows(name, choose) {
    const { bytes, scale, zero } = matrix(name);
    return node('DequantizeLinear', [choose(bytes), scale, zero]);
  }

  /**
   * A byte for each number and what a step is worth, for each token by itself: nearer to the model in floats than ONNX's
   * own operator, which has one step for all of them, and twice as fast as floats.
   */
  function quantize(x) {
    const most = node('ReduceMax', [node('Abs', [x]), ints([-1])], { keepdims: 1 });
    const step = node('Mul', [node('Max', [most, floats([], [1e-9])]), floats([], [1 / 127])]);
    const whole = node('Add', [node('Round', [node('Div', [x, step])]), floats([], [MIDDLE])]);
    return { bytes: node('Cast', [whole], { to: UINT8 }), step };
  }

  function dense(x, base) {
    const { bytes, scale, zero } = matrix(`${base}/Tensordot/ReadVariableOp`);
    const middle = graph.constant('uint8', [], Buffer.of(MIDDLE));
    const sums = node('Cast', [node('MatMulInteger', [x.bytes, bytes, middle, zero])], { to: FLOAT });
    // Not multiplied by the product of both: the runtime would fuse that into an operator for one step for all tokens.
    const product = node('Mul', [node('Mul', [sums, scale]), x.step]);
    return node('Add', [product, vector(`${base}/BiasAdd/ReadVariableOp`)]);
  }

  const norm = (x, base) =>
    node(
      'LayerNormalization',
      [x, vector(`${base}/batchnorm/mul/ReadVariableOp`), vector(`${base}/batchnorm/ReadVariableOp`)],
      { axis: -1, epsilon: EPSILON },
    );

  const bert = 'StatefulPartitionedCall/model/tf_bert_model/bert';
  const ids = graph.input('input_ids', 'int64', ['texts', 'tokens']);

  // What a token is, where it stands, and that it is of the first of two texts: there is only one.
  const length = node('Gather', [node('Shape', [ids]), ints([1])]);
  const first = (count) => (bytes) => node('Slice', [bytes, ints([0]), count, ints([0])]);
  const embedded = node('Add', [
    node('Add', [rows('unknown', (bytes) => node('Gather', [bytes, ids])), rows('unknown_0', first(length))]),
    rows('unknown_1', first(ints([1]))),
  ]);

  const heads = (x, perm) =>
    node('Transpose', [node('Reshape', [x, ints([0, 0, HEADS, WIDTH / HEADS])])], { perm });

  function attention(x, base) {
    const given = quantize(x);
    const query = heads(dense(given, `${base}/self/query`), [0, 2, 1, 3]);
    const key = heads(dense(given, `${base}/self/key`), [0, 2, 3, 1]);
    const value = heads(dense(given, `${base}/self/value`), [0, 2, 1, 3]);
    const scores = node('Mul', [node('MatMul', [query, key]), floats([], [(WIDTH / HEADS) ** -0.5])]);
    const shares = node('Softmax', [scores], { axis: -1 });
    const mixed = node('Transpose', [node('MatMul', [shares, value])], { perm: [0, 2, 1, 3] });
    const joined = node('Reshape', [mixed, ints([0, 0, WIDTH])]);
    return norm(
      node('Add', [dense(quantize(joined), `${base}/output/dense`), x]),
      `${base}/output/LayerNorm`,
    );
  }

  function layer(x, base) {
    const attended = attention(x, `${base}/attention`);
    const inner = node('Gelu', [dense(quantize(attended), `${base}/intermediate/dense`)]);
    return norm(
      node('Add', [dense(quantize(inner), `${base}/output/dense`), attended]),
      `${base}/output/LayerNorm`,
    );
  }

  let x = norm(embedded, `${bert}/embeddings/LayerNorm`);
  for (let i = 0; i < LAYERS; i++) x = layer(x, `${bert}/encoder/layer_._${i}`);

  // The mean of the tokens, as a unit vector.
  const mean = node('ReduceMean', [x, ints([1])], { keepdims: 0 });
  const unit = node('LpNormalization', [mean], { axis: -1, p: 2 });
  graph.output(unit, 'float', ['texts', WIDTH]);
  return graph.encode();
}
