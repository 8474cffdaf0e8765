import { z } from 'zod';
import { answer, listen } from '../../activities/server.ts';
import type { Trouble } from './pagerduty.ts';

/** What is used of Adaptive Cards 1.4: https://adaptivecards.io/explorer/ */
const spacing = z.enum(['None', 'Small', 'Default', 'Medium', 'Large']).optional();
const textRun = z.strictObject({
  type: z.literal('TextRun'),
  text: z.string().min(1),
  weight: z.enum(['Default', 'Bolder', 'Lighter']).optional(),
  size: z.enum(['Default', 'Small', 'Medium', 'Large', 'ExtraLarge']).optional(),
  isSubtle: z.boolean().optional(),
});
const leaf = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('RichTextBlock'), inlines: z.array(textRun).min(1), spacing }),
  z.strictObject({
    type: z.literal('FactSet'),
    facts: z.array(z.strictObject({ title: z.string(), value: z.string() })).min(1),
  }),
]);
const container = z.strictObject({
  type: z.literal('Container'),
  style: z.enum(['default', 'emphasis', 'good', 'attention', 'warning', 'accent']).optional(),
  separator: z.boolean().optional(),
  items: z.array(leaf).min(1),
});
const card = z.strictObject({
  $schema: z.literal('http://adaptivecards.io/schemas/adaptive-card.json'),
  type: z.literal('AdaptiveCard'),
  version: z.enum(['1.4', '1.5']),
  fallbackText: z.string(),
  body: z.array(z.union([leaf, container])).min(1),
  actions: z
    .array(z.strictObject({ type: z.literal('Action.OpenUrl'), title: z.string(), url: z.url() }))
    .max(6)
    .optional(),
  msteams: z.strictObject({ width: z.literal('Full') }).optional(),
});
const envelope = z.strictObject({
  type: z.literal('message'),
  attachments: z
    .array(
      z.strictObject({
        contentType: z.literal('application/vnd.microsoft.card.adaptive'),
        contentUrl: z.null(),
        content: card,
      }),
    )
    .length(1),
});
type AdaptiveCard = z.infer<typeof card>;

const largest = 28 * 1024;
export const workflowPath =
  '/workflows/0123456789abcdef/triggers/manual/paths/invoke?api-version=1&sig=a-secret';

/** A workflow of Teams that begins with a webhook request, as far as its documents go. */
export async function startTeams(...troubles: Trouble[]) {
  const cards: AdaptiveCard[] = [];
  const server = await listen(({ method, path, headers, body }, response) => {
    const trouble = troubles.shift();
    if (trouble) return answer(response, trouble.status, trouble.body ?? '', trouble.headers);
    const fail = (status: number, code: string, message: string) =>
      answer(response, status, { error: { code, message } });
    if (path !== workflowPath) {
      return fail(401, 'DirectApiAuthorizationRequired', 'The request must be authenticated.');
    }
    if (method !== 'POST' || headers['content-type'] !== 'application/json') {
      return fail(400, 'InvalidRequestContent', 'The request content is not valid.');
    }
    if (Buffer.byteLength(body) > largest) return fail(413, 'RequestEntityTooLarge', 'Too large.');
    const parsed = envelope.safeParse(JSON.parse(body));
    if (!parsed.success) return fail(400, 'TriggerInputSchemaMismatch', parsed.error.message);
    cards.push(...parsed.data.attachments.map(({ content }) => content));
    answer(response, 202);
  });
  return { ...server, url: `${server.url}${workflowPath}`, cards };
}

/** Everything that a card shows, as lines. */
export const linesOf = ({ body }: AdaptiveCard): string[] =>
  body
    .flatMap((part) => (part.type === 'Container' ? part.items : [part]))
    .flatMap((part) =>
      part.type === 'FactSet'
        ? part.facts.map(({ title, value }) => `${title}: ${value}`)
        : [part.inlines.map((run) => run.text).join('')],
    );
