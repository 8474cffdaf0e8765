/** As long as the hash of the signature (RFC 7518, 3.2), in bytes. */
const shortest = 32;

/**
 * The key in an environment variable's value.
 * @throws a sentence, without the value, where it is not base64 or too short.
 */
export function keyOf(name: string, value: string): Uint8Array {
  const bytes = Buffer.from(value, 'base64');
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(value);
  if (isBase64 && bytes.length >= shortest) return bytes;
  throw new Error(
    `${name} is not a secret for links: it is base64 of at least ${shortest} bytes, such as the output of "openssl rand -base64 32".`,
  );
}
