// What runs the model, bundled into one file: the loader of ONNX's WebAssembly build, and the tokenizer.
export { Tokenizer } from '@huggingface/tokenizers';
export { env, InferenceSession, Tensor } from 'onnxruntime-web/wasm';
