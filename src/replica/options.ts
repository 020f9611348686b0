import type { Progress } from '../../schemas/index.ts';
import type { EmbeddingsSetting } from '../embedding/index.ts';

/** Each of both adds at most its part to a score: 0.05 is a twentieth. */
export interface RankingSetting {
  /** What is new gets all of it, what is `halfLife` old half; 0.05 unless said. */
  readonly recency?: number | undefined;
  /** Reactions and pins, the more the nearer to all of it; 0.05 unless said. */
  readonly use?: number | undefined;
  /** Days; 30 unless said. */
  readonly halfLife?: number | undefined;
}

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
  /** Whether messages are found by meaning too; by default only memories and tasks are. Each costs a vector. */
  readonly embedMessages?: boolean | undefined;
  /** What counts a little beside the match in a search; 0 leaves it out. */
  readonly ranking?: RankingSetting | undefined;
  /** Begins to prepare search in the background soon after opening, in place of with the first question. */
  readonly warm?: boolean | undefined;
  readonly progress?: ((progress: Progress) => void) | undefined;
}
