import pino, { type DestinationStream, type Logger } from 'pino';

const options = {
  base: {},
  /** Headers and fields that may hold a token never reach a log. */
  redact: ['req.headers.authorization', '*.authorization', '*.token', '*.apiKey'],
  /** An error has no fields of its own that JSON would show; Temporal's lines have theirs as `error`. */
  serializers: { err: pino.stdSerializers.err, error: pino.stdSerializers.err },
};

/** Lines for people at a terminal, JSON for everything else. */
export const createLogger = (level: string, destination?: DestinationStream): Logger =>
  destination === undefined && process.stdout.isTTY
    ? pino({
        ...options,
        level,
        transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname', singleLine: true } },
      })
    : pino({ ...options, level }, destination);
