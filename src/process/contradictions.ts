import { boundsOf, type Condition } from './conditions.ts';

/** The values between two ends, each of which belongs to it or not. */
interface Interval {
  from: number;
  to: number;
  isFromOpen: boolean;
  isToOpen: boolean;
}

/** Whether no value can meet the condition. Bounds relative to a baseline may lie anywhere. */
export const cannotHold = (condition: Condition): boolean => isEmpty(intervalOf(condition));

/**
 * Whether every value that meets the one meets the other, too. False where that hangs on a
 * baseline.
 */
export const implies = (one: Condition, other: Condition): boolean =>
  !isRelative(other) && contains(intervalOf(other), intervalOf(one));

const isRelative = (condition: Condition): boolean =>
  boundsOf(condition).some(([, limit]) => typeof limit !== 'number');

function intervalOf(condition: Condition): Interval {
  const within: Interval = {
    from: Number.NEGATIVE_INFINITY,
    to: Number.POSITIVE_INFINITY,
    isFromOpen: false,
    isToOpen: false,
  };
  for (const [operator, limit] of boundsOf(condition)) {
    if (typeof limit !== 'number') continue;
    const isOpen = operator === 'below' || operator === 'above';
    if (operator === 'above' || operator === 'atLeast') {
      if (limit < within.from || (limit === within.from && !isOpen)) continue;
      Object.assign(within, { from: limit, isFromOpen: isOpen });
    } else {
      if (limit > within.to || (limit === within.to && !isOpen)) continue;
      Object.assign(within, { to: limit, isToOpen: isOpen });
    }
  }
  return within;
}

const isEmpty = ({ from, to, isFromOpen, isToOpen }: Interval): boolean =>
  from > to || (from === to && (isFromOpen || isToOpen));

const contains = (outer: Interval, inner: Interval): boolean =>
  (outer.from < inner.from ||
    (outer.from === inner.from && (!outer.isFromOpen || inner.isFromOpen))) &&
  (outer.to > inner.to || (outer.to === inner.to && (!outer.isToOpen || inner.isToOpen)));
