import type { Role } from './phases.ts';

interface ItemDefinition {
  title: string;
  /** The role that is waited for; `null` where the process itself shows that it is done. */
  owner: Role | null;
}

/** The six items that stand between `mitigated` and `closed`. */
export const checklist = {
  incidentDocumented: { title: 'Incident documented', owner: null },
  properFixFollowUp: { title: 'Follow-up for the proper fix filed', owner: null },
  testsAdded: { title: 'Tests added', owner: 'bugFixer' },
  monitoringImproved: { title: 'Monitoring improved', owner: 'monitor' },
  postMortemConducted: { title: 'Post-mortem conducted', owner: null },
  lessonsDocumented: { title: 'Lessons documented', owner: null },
} as const satisfies Record<string, ItemDefinition>;

export type ChecklistItem = keyof typeof checklist;
export const checklistItems = Object.keys(checklist) as [ChecklistItem, ...ChecklistItem[]];

/**
 * What a person may check with evidence. The follow-up is among them, since a tracker that is down
 * must not hold an incident open for good.
 */
export const checkedByPeople: readonly ChecklistItem[] = [
  'properFixFollowUp',
  'testsAdded',
  'monitoringImproved',
];
