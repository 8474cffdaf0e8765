import { findIana } from 'windows-iana';
import { isTimeZone } from '../../process/workingHours.ts';

/**
 * The IANA name of the zone that a calendar means: by that name, also after a prefix such as
 * `/mozilla.org/20050126_1/`, or by a Windows name, as Outlook and Exchange write it (CLDR's table);
 * undefined where it means none.
 */
export const ianaNameOf = (tzid: string): string | undefined =>
  suffixesOf(tzid).find(isTimeZone) ?? findIana(tzid.trim())[0];

/** `a/b/c`, `b/c`, `c`: a name has three parts at most. */
function suffixesOf(tzid: string): string[] {
  const parts = tzid.trim().split('/');
  return [...parts.keys()].map((index) => parts.slice(index).join('/')).filter(Boolean);
}
