import { z } from 'zod';

export const linksConfigSchema = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/, error: 'must be an http or https url' })
      .refine((url) => !/[?#]/.test(url), { error: 'must end with its path, without ? or #' })
      .describe('Where people reach the API'),
    secretEnv: z
      .string()
      .min(1)
      .describe('The environment variable with the secret of the signatures: base64 of 32 bytes'),
  })
  .describe('Messages carry a link for each person, by which they do what is asked of them');
export type LinksConfig = z.infer<typeof linksConfigSchema>;
