import {
  DefaultPayloadConverter,
  METADATA_ENCODING_KEY,
  type Payload,
  type PayloadConverter,
} from '@temporalio/common';
import { cut } from '../process/cut.ts';
import type { Unreadable } from '../process/unreadable.ts';

/** JSON that is nested deeper than this is nobody's message, and more than recursive readers can take. */
const deepest = 100;

/**
 * Reads everything that reaches a workflow, and never throws: whoever has access to Temporal may send
 * anything, and a value that cannot be read must not make the workflow's task fail. It becomes an
 * {@link Unreadable} instead, which every schema refuses.
 */
class TolerantPayloadConverter extends DefaultPayloadConverter implements PayloadConverter {
  override fromPayload<T>(payload: Payload): T {
    try {
      return this.read(payload) as T;
    } catch (error) {
      return unreadable(`it cannot be decoded (${cut(messageOf(error), 200)})`) as T;
    }
  }

  private read(payload: Payload): unknown {
    const encoding = encodingOf(payload);
    switch (encoding) {
      case 'json/plain':
      // Temporal's own UI offers it for what is plain JSON.
      case 'json/protobuf':
        return readJson(payload.data);
      case 'binary/null':
        return super.fromPayload(payload);
      default:
        return unreadable(
          encoding === null
            ? 'it has no encoding; send JSON'
            : `its encoding ${JSON.stringify(cut(encoding, 100))} is unknown here; send JSON`,
        );
    }
  }
}

const decoder = new TextDecoder();

const unreadable = (why: string): Unreadable => ({ unreadable: why });

function encodingOf({ metadata }: Payload): string | null {
  const encoding = metadata?.[METADATA_ENCODING_KEY];
  return encoding ? decoder.decode(encoding) : null;
}

function readJson(data: Uint8Array | null | undefined): unknown {
  if (!data || data.length === 0) return unreadable('it is empty');
  if (isTooDeep(data)) return unreadable(`it is nested deeper than ${deepest} levels`);
  return JSON.parse(decoder.decode(data));
}

/** Counts brackets in the bytes, since whatever would walk a value that deep might not come back. */
function isTooDeep(data: Uint8Array): boolean {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < data.length; at += 1) {
    const byte = data[at];
    if (byte === quote) isText = !isText;
    else if (isText && byte === backslash) at += 1;
    else if (!isText && (byte === openBracket || byte === openBrace)) depth += 1;
    else if (!isText && (byte === closeBracket || byte === closeBrace)) depth -= 1;
    if (depth > deepest) return true;
  }
  return false;
}

const codeOf = (character: string): number => character.charCodeAt(0);
const [quote, backslash] = [codeOf('"'), codeOf('\\')];
const [openBracket, closeBracket] = [codeOf('['), codeOf(']')];
const [openBrace, closeBrace] = [codeOf('{'), codeOf('}')];

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : 'no reason';

/** The name by which the SDK finds it. */
export const payloadConverter = new TolerantPayloadConverter();
