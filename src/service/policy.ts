import { policyCommand } from './policy-command.ts';

const hasColour = process.stdout.isTTY === true && !process.env.NO_COLOR;

try {
  const options = { now: new Date(), hasColour };
  const { exitCode, output, warning } = await policyCommand(
    process.argv.slice(2),
    process.env,
    options,
  );
  process.stdout.write(output);
  if (warning) process.stderr.write(warning);
  process.exitCode = exitCode;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
