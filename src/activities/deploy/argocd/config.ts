import { z } from 'zod';
import { duration } from '../../../process/duration.ts';
import { short } from '../pace.ts';

/** As Kubernetes names objects. */
const objectName = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, {
  error: 'must be the name of a Kubernetes object: lower case letters, digits, - and .',
});

export const argoCdConfigSchema = z
  .strictObject({
    adapter: z.literal('argocd'),
    url: z
      .url({ protocol: /^https?$/, error: 'must be an http or https url' })
      .describe('Where the Argo CD server is, without /api/v1'),
    tokenEnv: z
      .string()
      .min(1)
      .describe("The environment variable with the token of an account or of a project's role"),
    application: objectName.describe('The name of the Application'),
    appNamespace: objectName
      .optional()
      .describe("The Application's namespace, where that is not Argo CD's own"),
    project: objectName
      .optional()
      .describe(
        'Its project: with it Argo CD tells an Application that is missing from one that is forbidden',
      ),
    revision: z
      .string()
      .default('{ref}')
      .refine((value) => value.includes('{ref}'), { error: 'must contain {ref}' })
      .describe(
        'What it is synced to: a Git revision or a chart version, {ref} being the ref of the fix',
      ),
    sourcePosition: z
      .int()
      .min(1)
      .optional()
      .describe(
        'For an Application with several sources: which of them, from 1, the revision is of',
      ),
    interval: short.prefault('5s').describe('How often the Application is looked at'),
    requestTimeout: short.prefault('30s').describe('For each request'),
    timeout: duration.prefault('15m').describe('For the whole step, until it is healthy'),
  })
  .describe('Syncs an Argo CD Application to a revision, and rolls it back by its history');
export type ArgoCdConfig = z.infer<typeof argoCdConfigSchema>;
