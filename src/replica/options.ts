import type { Progress } from '../../schemas/index.ts';
import type { EmbeddingsSetting } from '../embedding/index.ts';

export interface OpenOptions {
  /** Data directory; made when it does not exist. */
  readonly directory: string;
  /** Handle of the member that speaks. */
  readonly as: string;
  readonly kind?: 'agent' | 'human' | undefined;
  /** `sync` survives a power cut, `os` a crash of the process. */
  readonly durability?: 'sync' | 'os' | undefined;
  /** Where machine secrets and default workspaces live; by default the user's configuration directory. */
  readonly config?: string | undefined;
  /** Name of the workspace for a new directory; by default the user's default workspace. */
  readonly workspace?: string | undefined;
  /**
   * What makes vectors of texts for search by meaning; by default the model that comes with the package, where there is
   * memory for it. An embedder of one's own is not closed with the replica.
   */
  readonly embeddings?: EmbeddingsSetting | undefined;
  readonly progress?: ((progress: Progress) => void) | undefined;
}
