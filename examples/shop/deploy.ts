/**
 * The shop's deploy program, as a `command` adapter runs it: HOTFIX_ACTION (`deploy` or
 * `rollback`), HOTFIX_ENVIRONMENT and HOTFIX_REF say what to do, `--port` and `--state` where.
 * Ends with 0 where it is done, with 1 and one sentence on the error output where it is not.
 */
import { parseArgs } from 'node:util';
import { required, run } from './command-line.ts';
import { shopEnvironment } from './environment.ts';
import { deploy, rollback } from './releases.ts';

const actions = { deploy, rollback };

function chosenAction(name: string): typeof deploy {
  if (name === 'deploy' || name === 'rollback') return actions[name];
  throw new Error(`HOTFIX_ACTION is "${name}": it must be deploy or rollback.`);
}

await run(async () => {
  const { values } = parseArgs({
    options: { port: { type: 'string' }, state: { type: 'string' } },
  });
  const { HOTFIX_ACTION, HOTFIX_ENVIRONMENT, HOTFIX_REF } = process.env;
  const act = chosenAction(required('HOTFIX_ACTION', HOTFIX_ACTION));
  const environment = shopEnvironment(
    required('--state', values.state),
    required('HOTFIX_ENVIRONMENT', HOTFIX_ENVIRONMENT),
    Number(required('--port', values.port)),
  );
  await act(environment, required('HOTFIX_REF', HOTFIX_REF), console.log);
});
