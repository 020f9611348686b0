import { z } from 'zod';
import { ExportRequest, ImportRequest } from '../../../schemas/index.ts';
import { route, taken } from '../route.ts';
import { sendWork } from '../work.ts';

const lines = (result: string): { type: string; what: string } => ({
  type: 'application/x-ndjson',
  what: `lines \`{"progress"}\`, then \`{"result"}\` with ${result}, or \`{"error"}\``,
});

export const CompactRequest = z.strictObject({
  /** Events that the feed keeps; all when absent. */
  keep: z.int().min(0).optional(),
});
export const DoctorRequest = z.strictObject({});

/** Long work that the command line asks a running node for. Paths are on the node's own machine. */
export const adminRoutes = [
  route({
    method: 'post',
    local: true,
    path: '/v1/admin/import',
    needs: 'token',
    summary: 'Imports a file or directory.',
    body: ImportRequest,
    answer: lines('an `ImportSummary`'),
    async run({ body, ...call }) {
      await sendWork(call, (replica, work) => replica.import(body, work));
      return taken;
    },
  }),
  route({
    method: 'post',
    local: true,
    path: '/v1/admin/export',
    needs: 'token',
    summary: 'Exports everything to a directory.',
    body: ExportRequest,
    answer: lines('an `ExportSummary`'),
    async run({ body, ...call }) {
      await sendWork(call, (replica, work) => replica.export(body, work));
      return taken;
    },
  }),
  route({
    method: 'post',
    local: true,
    path: '/v1/admin/backup',
    needs: 'token',
    summary: 'Copies the data directory, consistently, while running.',
    body: ExportRequest,
    answer: lines('`{ directory, bytes }`'),
    async run({ body, ...call }) {
      await sendWork(call, (replica, work) => replica.backup(body, work));
      return taken;
    },
  }),
  route({
    method: 'post',
    local: true,
    path: '/v1/admin/compact',
    needs: 'token',
    summary: 'Checkpoints, trims and removes purged text from disk.',
    body: CompactRequest,
    bodyOptional: true,
    answer: lines('`{ before, after }`, bytes'),
    async run({ body, ...call }) {
      await sendWork(call, (replica, work) => replica.compact(body, work));
      return taken;
    },
  }),
  route({
    method: 'post',
    local: true,
    path: '/v1/admin/doctor',
    needs: 'token',
    summary: 'Looks at everything stored and says what it found.',
    body: DoctorRequest,
    bodyOptional: true,
    answer: lines('a `DoctorReport`'),
    async run(call) {
      await sendWork(call, (replica, work) => replica.doctor(work));
      return taken;
    },
  }),
];
