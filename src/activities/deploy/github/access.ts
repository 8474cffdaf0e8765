import { z } from 'zod';
import { permanent } from '../../failures.ts';
import type { GitHubClient, GitHubConfig } from './client.ts';

const repositorySchema = z.object({
  archived: z.boolean().optional(),
  permissions: z.object({ push: z.boolean().optional() }).optional(),
});

/**
 * Whether the token is known, sees the repository, and its owner may write there. What a
 * fine-grained token itself may do GitHub does not tell before it is tried.
 */
export async function checkRepository(
  client: GitHubClient,
  { repository, tokenEnv }: GitHubConfig,
  needs: string,
  signal: AbortSignal,
): Promise<void> {
  const purpose = { to: `read ${repository}`, needs: 'Metadata: read', target: repository };
  const { archived, permissions } = await client.read(
    purpose,
    repositorySchema,
    signal,
    (rest, common) => rest.repos.get(common),
  );
  if (archived) {
    throw permanent('Refused', `${repository} is archived, so that nothing is deployed from it.`);
  }
  if (permissions?.push === false) {
    throw permanent(
      'Forbidden',
      `The token in ${tokenEnv} may read ${repository} and not deploy from it: its owner needs write access, and the token the permission ${needs}.`,
    );
  }
}
