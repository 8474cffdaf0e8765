// Asks the program in this container whether it is well; the image has no curl.
const answer = await fetch(`http://127.0.0.1:${process.env.PORT ?? 3000}/healthz`, {
  signal: AbortSignal.timeout(4_000),
}).catch((error) => ({ ok: false, status: error.message }));
if (!answer.ok) {
  console.error(`Not healthy: ${answer.status}`);
  process.exit(1);
}
