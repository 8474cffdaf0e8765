import { tokenCommand } from './token-command.ts';

const { exitCode, output, warning } = await tokenCommand(process.argv.slice(2), process.env);
process.stdout.write(output);
if (warning) process.stderr.write(warning);
process.exitCode = exitCode;
