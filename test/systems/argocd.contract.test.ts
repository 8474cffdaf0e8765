import { beforeAll } from 'vitest';
import { deployContract } from '../activities/deploy/contract.ts';
import { makeArgoCdSystem, prepareArgoCd } from './argocd.ts';

beforeAll(prepareArgoCd);

deployContract({ adapter: 'argocd', make: makeArgoCdSystem });
