import type { Receipt } from '../../release.ts';

/** A release that does not even start: it wants a setting that no environment has. */
const taxTable = requiredSetting('SHOP_TAX_TABLE');

export function checkout(): Receipt {
  throw new Error(`the tax table ${taxTable} is not supported yet`);
}

function requiredSetting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}
