import { createDocumentsClient } from '../../src/storage/documents/client.ts';
import { createMemoryDocuments, type MemoryDocumentStore } from '../../src/storage/documents/memory.ts';
import { openDocuments } from '../../src/storage/documents/y-leveldb.ts';
import { documentsContract } from '../contracts/documents.ts';
import { scratch } from '../support/scratch.ts';

documentsContract('y-leveldb in a worker thread', async () => {
  const directory = scratch();
  return { open: async () => createDocumentsClient({ directory, durability: 'sync' }) };
});

documentsContract('y-leveldb', async () => {
  const directory = scratch();
  return { open: () => openDocuments({ directory, durability: 'sync' }) };
});

documentsContract('memory', async () => {
  let documents: MemoryDocumentStore | undefined;
  return {
    async open() {
      documents = documents === undefined ? createMemoryDocuments() : documents.crash();
      return documents;
    },
  };
});
