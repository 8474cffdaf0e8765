import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

/** What is asked of another time on purpose, by `offset` or `@`. */
const elsewhere = ['OffsetExpr', 'StepInvariantExpr'];
const windows = ['MatrixSelector', 'SubqueryExpr'];

/**
 * How far back a query reaches by its windows, in milliseconds: `5m` in `rate(x[5m])`. What cannot
 * be read counts as none, since other systems that speak Prometheus' API know more than its PromQL.
 */
export const windowOf = (query: string): number => reachOf(parser.parse(query).topNode, query);

function reachOf(node: SyntaxNode, query: string): number {
  if (elsewhere.includes(node.name)) return 0;
  const within = childrenOf(node).map((child) => reachOf(child, query));
  const duration = windows.includes(node.name) ? node.getChild('DurationExpr') : null;
  const own = duration ? durationOf(query.slice(duration.from, duration.to)) : 0;
  return own + Math.max(0, ...within);
}

function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) children.push(child);
  return children;
}

const units: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
  y: 365 * 86_400_000,
};

/** `1h30m`, or a number of seconds. */
function durationOf(text: string): number {
  const seconds = Number(text);
  if (!Number.isNaN(seconds)) return seconds * 1000;
  if (!/^(\d+(ms|[smhdwy]))+$/.test(text)) return 0;
  const parts = [...text.matchAll(/(\d+)(ms|[smhdwy])/g)];
  return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (units[unit] ?? 0), 0);
}
