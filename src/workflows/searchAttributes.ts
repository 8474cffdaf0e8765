import type { SearchAttributePair } from '@temporalio/common';
import type { State } from '../process/state.ts';
import { waitingFor } from '../process/waiting.ts';
import { attributes } from '../temporal/searchAttributes.ts';

/** The attributes that never change, set where the workflow is started. */
export function fixedAttributesOf(state: State): SearchAttributePair[] {
  const { service, dedupKey } = state.request;
  return [
    { key: attributes.service, value: service },
    { key: attributes.declaredAt, value: new Date(state.openedAt) },
    ...(dedupKey === undefined ? [] : [{ key: attributes.dedupKey, value: dedupKey }]),
  ];
}

/** The attributes that follow the incident. */
export function movingAttributesOf(state: State): SearchAttributePair[] {
  const priority = state.completed.priorityAssessed?.priority;
  return [
    { key: attributes.status, value: state.status },
    { key: attributes.phase, value: state.phase },
    { key: attributes.waitingFor, value: [...new Set(waitingFor(state).map(({ role }) => role))] },
    ...(priority === undefined ? [] : [{ key: attributes.priority, value: priority }]),
  ];
}
