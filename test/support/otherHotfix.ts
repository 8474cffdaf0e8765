import { condition, sleep, workflowInfo } from '@temporalio/workflow';
import type { HotfixInput, HotfixResult } from '../../src/process/contract.ts';
import { hotfix as real } from '../../src/workflows/hotfix.ts';

export { deployLock } from '../../src/workflows/deployLock.ts';

/** The workflow as another version has it: with a timer more, once its history is of some length. */
export function hotfix(input: HotfixInput): Promise<HotfixResult> {
  void condition(() => workflowInfo().historyLength > 25).then(() => sleep('1 day'));
  return real(input);
}
