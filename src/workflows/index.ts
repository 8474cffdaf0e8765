export { hotfix } from './hotfix.ts';
