import { parseArgs } from 'node:util';
import { brokenRelease } from './demo/cast.ts';
import { Scene } from './demo/scene.ts';
import { Screen } from './demo/screen.ts';
import { Service } from './demo/service.ts';
import { type DemoSettings, demoSettings } from './demo/settings.ts';
import { ShopInTrouble } from './demo/shop.ts';
import { lateReview } from './demo/stories/late-review.ts';
import { recovery } from './demo/stories/recovery.ts';
import { regression } from './demo/stories/regression.ts';

const help = `npm run demo [-- OPTIONS]

A shop is really broken. The demo declares the incident, plays the ten roles through the public API,
deploys the fix, and watches the shop recover. It takes about half a minute.

  --regression    the first fix does not help: the measurements fail, it is taken back, and the
                  second attempt comes through
  --late-review   nobody reviews in time: the review escalates (with a limit of 4 s instead of 15 min)
  --keep          leaves everything running until Ctrl-C, to look around in the Temporal UI
  --help          this

The options go together; all of them take about a minute.
`;

interface Options {
  isRegression: boolean;
  isLate: boolean;
  isKept: boolean;
}

async function demo(options: Options, interrupted: Promise<void>): Promise<void> {
  const screen = new Screen();
  const settings = await demoSettings(options.isLate ? '4s' : '15m');
  const service = new Service(settings);
  const shop = new ShopInTrouble(settings);
  const scene = new Scene(screen, shop, settings);
  try {
    const story = async () => {
      screen.title('A shop is broken. Ten roles bring it back.');
      screen.print('  Starting Temporal, the worker, the API and the shop …');
      await service.ready();
      screen.print(addresses(settings));
      await shop.open(brokenRelease, (health) => screen.health(health));
      await tell(scene, options);
      if (!options.isKept) return;
      screen.print(`\nEverything keeps running. Ctrl-C ends it.\n${addresses(settings)}`);
      await interrupted;
    };
    const told = story();
    // Interrupted, the story ends wherever it is; what it then misses is no news.
    told.catch(() => {});
    await Promise.race([told, interrupted]);
  } finally {
    screen.close();
    await shop.close();
    await service.stop();
  }
}

const addresses = ({ temporalUi, api, shop }: DemoSettings): string =>
  [`  Temporal UI  ${temporalUi}`, `  API          ${api}/docs`, `  shop         ${shop}`].join(
    '\n',
  );

const tell = (scene: Scene, { isRegression, isLate }: Options): Promise<void> =>
  (isRegression ? regression : recovery)(scene, isLate ? lateReview : undefined);

function readOptions(): Options | 'help' {
  const { values } = parseArgs({
    options: {
      regression: { type: 'boolean', default: false },
      'late-review': { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    isRegression: values.regression,
    isLate: values['late-review'],
    isKept: values.keep,
  };
}

try {
  const options = readOptions();
  const interrupted = new Promise<void>((resolve) => {
    // For good: npm passes a Ctrl-C on that the terminal has sent already.
    process.on('SIGINT', resolve).on('SIGTERM', resolve).on('SIGHUP', resolve);
  });
  if (options === 'help') process.stdout.write(help);
  else await demo(options, interrupted);
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
