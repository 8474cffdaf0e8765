// Has Temporal's SDK download its development server into a directory, and starts nothing from it: the
// downloaded program is asked for its help. A program of its own, because the SDK's download has no
// time limit and cannot be called off; whoever starts this one can end it.
// Usage: node sdk-download.mjs DIRECTORY VERSION
import { TestWorkflowEnvironment } from '@temporalio/testing';

const [downloadDir, version] = process.argv.slice(2);
try {
  const environment = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'cached-download', downloadDir, version },
      extraArgs: ['--help'],
    },
  });
  await environment.teardown();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
process.exit();
