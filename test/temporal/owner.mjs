// A process that owns an embedded server, for tests that kill it. Prints a line with the server's address
// when it is ready.
// Usage: node owner.mjs OPTIONS-OF-startEmbedded-AS-JSON
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const embedded = fileURLToPath(new URL('../../src/temporal/embedded.ts', import.meta.url));
const { module } = await runnerImport(embedded);
const { address } = await module.startEmbedded({
  ...JSON.parse(process.argv[2]),
  onWait: () => {},
});
process.stdout.write(`${JSON.stringify({ address })}\n`);
