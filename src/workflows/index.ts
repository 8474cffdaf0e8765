export { deployLock } from './deployLock.ts';
export { hotfix } from './hotfix.ts';
