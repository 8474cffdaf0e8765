import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';

/** What Temporal keeps for itself: a signal so named makes a task fail before any handler sees it. */
const reservedPrefix = '__temporal_';

/** Signals under a name that the SDK does not pass on go under one that it does, so that they are refused. */
export const interceptors: WorkflowInterceptorsFactory = () => ({
  internals: [
    {
      activate(input, next) {
        for (const { signalWorkflow } of input.activation.jobs ?? []) {
          if (signalWorkflow) signalWorkflow.signalName = nameFor(signalWorkflow.signalName);
        }
        next(input);
      },
    },
  ],
});

const nameFor = (name: string | null | undefined): string => {
  if (!name) return 'a signal without a name';
  return name.startsWith(reservedPrefix) ? `reserved: ${name}` : name;
};
