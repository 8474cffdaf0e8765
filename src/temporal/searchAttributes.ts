import { defineSearchAttributeKey } from '@temporalio/common';

/**
 * What incidents are listed and filtered by, in Temporal's UI and in ours. Imported by workflow code
 * too, so nothing but the keys belongs here. Temporal never encrypts these: no secrets.
 */
export const attributes = {
  status: defineSearchAttributeKey('HotfixStatus', 'KEYWORD'),
  phase: defineSearchAttributeKey('HotfixPhase', 'KEYWORD'),
  service: defineSearchAttributeKey('HotfixService', 'KEYWORD'),
  priority: defineSearchAttributeKey('HotfixPriority', 'KEYWORD'),
  waitingFor: defineSearchAttributeKey('HotfixWaitingFor', 'KEYWORD_LIST'),
  dedupKey: defineSearchAttributeKey('HotfixDedupKey', 'KEYWORD'),
  declaredAt: defineSearchAttributeKey('HotfixDeclaredAt', 'DATETIME'),
} as const;
