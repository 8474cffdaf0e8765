import { describe } from 'vitest';
import { crashes } from './contract/crashes.ts';
import { failures } from './contract/failures.ts';
import { rollbacks } from './contract/rollbacks.ts';
import { runs } from './contract/runs.ts';
import type { DeployContract } from './contract/system.ts';

export type { AdapterConfig, Change, DeployContract, DeploySystem } from './contract/system.ts';

/**
 * What holds of every way to deploy, through the activities as a worker runs them. It makes a fresh
 * system for each test, speaks to it through a proxy that can hold, cut and answer, and kills workers.
 */
export function deployContract(contract: DeployContract): void {
  describe(`the contract of ${contract.adapter}`, () => {
    runs(contract);
    rollbacks(contract);
    failures(contract);
    crashes(contract);
  });
}
