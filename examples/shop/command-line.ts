/** An option or environment variable that must be there. Throws a sentence that names it. */
export function required(name: string, value: string | undefined): string {
  if (value === undefined || value === '') throw new Error(`${name} is missing.`);
  return value;
}

/** Runs a program; a failure becomes one sentence on the error output and the exit code 1. */
export async function run(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
