/** Ends the shop in one environment: `stop --environment production --state DIR --port PORT`. */
import { parseArgs } from 'node:util';
import { required, run } from './command-line.ts';
import { shopEnvironment, stop } from './environment.ts';

await run(async () => {
  const { values } = parseArgs({
    options: {
      environment: { type: 'string' },
      state: { type: 'string' },
      port: { type: 'string' },
    },
  });
  const environment = shopEnvironment(
    required('--state', values.state),
    required('--environment', values.environment),
    Number(required('--port', values.port)),
  );
  const stopped = await stop(environment);
  console.log(stopped ? 'The shop is stopped.' : 'The shop was not running.');
});
