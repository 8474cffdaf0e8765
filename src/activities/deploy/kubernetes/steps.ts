import { z } from 'zod';

/** Where a workload keeps which steps of Hotfix changed it, as JSON, newest first. */
export const stepsAnnotation = 'hotfix/steps';

const stepSchema = z.object({
  /** The step's idempotency key. */
  key: z.string(),
  /** When it began. ISO 8601, UTC. */
  at: z.string(),
  /** The digest of the pod template that it put there. */
  template: z.string(),
  /** What was live before it. */
  before: z.object({ version: z.string(), restore: z.record(z.string(), z.string()) }).optional(),
  /** When the progress deadline had last been exceeded, so that this is not taken for its own. */
  deadline: z.string().optional(),
});
export type Step = z.infer<typeof stepSchema>;

const mostSteps = 5;

/** The steps that annotations tell of; none where somebody has spoilt them. */
export function stepsIn({ annotations }: { annotations: Record<string, string> }): Step[] {
  try {
    return z.array(stepSchema).parse(JSON.parse(annotations[stepsAnnotation] ?? '[]'));
  } catch {
    return [];
  }
}

/** The annotations once `step` is the newest. */
export const recordStep = (step: Step, before: readonly Step[]): Record<string, string> => ({
  [stepsAnnotation]: JSON.stringify(
    [step, ...before.filter(({ key }) => key !== step.key)].slice(0, mostSteps),
  ),
});
