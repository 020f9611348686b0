import { listOf, numberOf, textOf } from '../data.ts';
import type { SubjectFold } from '../fold.ts';
import { latestFirst } from '../register.ts';
import { apply, applyAny, begun, origin, speaker } from '../shared.ts';
import type { MemoryState, MemoryVersion, Op } from '../types.ts';

export const memoryFold: SubjectFold<MemoryState> = {
  kind: 'memory',
  creation: 'memory.create',

  create(op) {
    const key = textOf(op.header.data, 'key');
    return {
      ...begun(op),
      kind: 'memory',
      ...(key === undefined ? {} : { key }),
      versions: [versionOf(op)],
      forgotten: false,
      ...origin(op),
    };
  },

  apply(state, op, past) {
    switch (op.header.type) {
      // An update replaces the versions it saw, forgotten ones too: so it brings a forgotten memory back.
      case 'memory.update': {
        const apart = state.versions.filter((version) => !past.has(version.op));
        return apply(showing(state, [...apart, versionOf(op)].sort(latestFirst)));
      }
      // A version that a forget did not see stays: what was written apart from it is not lost silently.
      case 'memory.forget':
        return apply(
          showing(
            state,
            state.versions.map((version) =>
              past.has(version.op) ? { ...version, forgotten: op.hash } : version,
            ),
          ),
        );
      default:
        return applyAny(state, op);
    }
  },
};

/** A memory is forgotten when each of its versions is. */
const showing = (state: MemoryState, versions: readonly MemoryVersion[]): MemoryState => ({
  ...state,
  versions,
  forgotten: versions.every((version) => version.forgotten !== undefined),
});

function versionOf(op: Op): MemoryVersion {
  const { data, stamp } = op.header;
  const kind = textOf(data, 'kind');
  const expires = numberOf(data, 'expires');
  return {
    op: op.hash,
    stamp,
    by: speaker(op.header),
    tags: listOf(data, 'tags'),
    ...(kind === undefined ? {} : { kind }),
    sources: listOf(data, 'sources'),
    ...(expires === undefined ? {} : { expires }),
    supersedes: listOf(data, 'supersedes'),
  };
}
