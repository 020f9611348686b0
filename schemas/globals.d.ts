// The few globals beyond the language that both Node and browsers have, and that the schemas may use.
// This project sees no `@types/node` and no DOM library, so anything else fails to compile here.

interface TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>;
}

declare const TextEncoder: { new (): TextEncoder };
