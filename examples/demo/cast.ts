import type { SignalBody } from '../../src/process/signals.ts';

const harmless = { verdict: 'approved', noBreakingChanges: true, noDataLoss: true } as const;

/** The release that is live and broken when a story begins. */
export const brokenRelease = 'v41';

/** What each role says, by signal. The names of the people are the roles' own. */
export const lines = {
  declaration: {
    problem: 'The checkout answers 500 since release v41.',
    impact: 'Nobody can pay.',
    reason: 'production_down',
  } satisfies SignalBody<'incidentDeclared'>,
  priorityAssessed: {
    priority: 'P1',
    justification: 'Every customer is affected, and every minute costs sales.',
  } satisfies SignalBody<'priorityAssessed'>,
  fixReady: {
    ref: 'v42',
    summary: 'Prices a basket without a coupon again.',
    workaround: true,
  } satisfies SignalBody<'fixReady'>,
  sanityChecked: harmless satisfies SignalBody<'sanityChecked'>,
  securityChecked: harmless satisfies SignalBody<'securityChecked'>,
  deployAuthorized: {
    skipStaging: true,
    note: 'Straight to production.',
  } satisfies SignalBody<'deployAuthorized'>,
  systemVerified: { solved: true, healthy: true } satisfies SignalBody<'systemVerified'>,
  quickVerified: {
    passed: true,
    note: 'Bought a coffee, with and without a coupon.',
  } satisfies SignalBody<'quickVerified'>,
  incidentReviewed: {
    whatHappened:
      'v41 took every basket to have a coupon. Baskets without one could not be priced.',
    summary: 'The checkout was down until v42 went live.',
    rootCause: 'The tests only had baskets with a coupon.',
  } satisfies SignalBody<'incidentReviewed'>,
  preventionPlanned: {
    prevention: ['Test the checkout with and without a coupon.'],
    improvements: ['Page when one checkout in ten fails.'],
    lessons: ['The rare case was tested, the common one was not.'],
  } satisfies SignalBody<'preventionPlanned'>,
};

/** What is said where the first fix does not help. */
export const mistaken = {
  fixReady: {
    ref: 'v43',
    summary: 'Takes a negative percentage of a coupon for none.',
    workaround: true,
  } satisfies SignalBody<'fixReady'>,
  systemVerified: {
    solved: false,
    healthy: false,
    note: 'Nine checkouts in ten still fail.',
  } satisfies SignalBody<'systemVerified'>,
  incidentReviewed: {
    ...lines.incidentReviewed,
    whatHappened: `${lines.incidentReviewed.whatHappened} v43 mended what was not broken, and was taken back.`,
  } satisfies SignalBody<'incidentReviewed'>,
  preventionPlanned: {
    ...lines.preventionPlanned,
    lessons: [...lines.preventionPlanned.lessons, 'A guess at the cause costs a whole attempt.'],
  } satisfies SignalBody<'preventionPlanned'>,
};

export const evidence = {
  testsAdded: 'https://forge.example.com/shop/pull/43',
  monitoringImproved: 'https://monitoring.example.com/alerts/checkout',
} as const;
