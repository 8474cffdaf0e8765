/** What `npm start -- --help` says. */
export const help = `Hotfix: the hotfix process as a durable workflow.

  npm start                 starts Temporal (where none is named), the worker and the API
  npm run demo              a broken shop, fixed in a minute; -- --regression for a fix that does not
                            help and is taken back, -- --late-review for an escalation
  npm run check             tries the systems of every service in hotfix.yaml, changing nothing
  npm run policy -- SERVICE shows who would be told when, while nobody acknowledges
  npm run token -- PERSON   makes a token for a person or a tool
  npm test                  runs the tests
  npm run bench             measures, and writes docs/benchmarks.md

Each sets up what it needs by itself. Ctrl-C or SIGTERM ends everything in order; started again, open
incidents go on where they were.

  PORT               3000          the API's port
  HOST               127.0.0.1     where the API listens; another address needs tokens
  TEMPORAL_PORT      7233          the embedded Temporal's port
  TEMPORAL_UI_PORT   8233          the Temporal UI's port
  HOTFIX_DATA        .hotfix       where the data is kept
  HOTFIX_CONFIG      hotfix.yaml   the configuration (docs/configuration.md)
  LOG_LEVEL          info          debug, info, warn, error

  TEMPORAL_ADDRESS   host:port of a Temporal of your own: then none is started. A Temporal profile
                     (TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE; TLS, API keys) does the same.
  TEMPORAL_UI_URL    where its UI is, for the links in the answers
`;
