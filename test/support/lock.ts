import {
  type Connection,
  WithStartWorkflowOperation,
  type WorkflowHandle,
} from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import { expect } from 'vitest';
import { lockMessages, lockWorkflowIdOf, lockWorkflowType } from '../../src/process/contract.ts';
import { freeLock, type LockRequest, type Standing } from '../../src/process/lock.ts';
import { skipTime } from './temporal.ts';
import type { Bed, LiveIncident } from './workflows.ts';

/** The lock of a service's production, asked as a deploy would and by whoever can reach Temporal. */
export class LiveLock {
  readonly handle: WorkflowHandle;
  private readonly bed: Bed;
  private readonly service: string;

  constructor(bed: Bed, service: string) {
    this.bed = bed;
    this.service = service;
    this.handle = bed.client.workflow.getHandle(lockWorkflowIdOf(service, 'production'));
  }

  request(key: string, holder: LiveIncident): LockRequest {
    const { workflowId } = holder.handle;
    const { service } = this;
    const incidentId = workflowId.replace('hotfix-', '');
    return { key, service, environment: 'production', incidentId, workflowId, ref: `ref-${key}` };
  }

  /** As the deploy activity does; a lock that is not there is started. */
  acquire(key: string, holder: LiveIncident): Promise<Standing> {
    const request = this.request(key, holder);
    return this.bed.client.workflow.executeUpdateWithStart<Workflow, Standing, [LockRequest]>(
      lockMessages.acquire,
      {
        args: [request],
        startWorkflowOperation: new WithStartWorkflowOperation(lockWorkflowType, {
          workflowId: this.handle.workflowId,
          taskQueue: this.bed.queue,
          args: [freeLock(request)],
          workflowIdConflictPolicy: 'USE_EXISTING',
        }),
      },
    );
  }

  release(key: string, changed: boolean): Promise<void> {
    return this.handle.signal(lockMessages.release, { key, changed });
  }

  /** Waits until the lock has worked through what it was sent, and finds none of its tasks failing. */
  async isWell(): Promise<void> {
    await this.standing('nobody');
    const { raw } = await this.handle.describe();
    expect(raw.pendingWorkflowTask?.attempt ?? 1).toBe(1);
  }

  standing(key: string): Promise<Standing | null> {
    return this.handle.query<Standing | null, [string]>(lockMessages.standing, key);
  }

  until(key: string, place: Standing['place']): Promise<void> {
    return expect
      .poll(async () => (await this.standing(key))?.place, { timeout: 20_000 })
      .toBe(place);
  }

  /** Waits until the watch over the holder has ended. */
  async watched(): Promise<void> {
    const isWatched = async () => (await this.handle.describe()).raw.pendingActivities?.length;
    await expect.poll(isWatched, { timeout: 20_000 }).toBe(0);
  }

  skip(milliseconds: number): Promise<void> {
    const connection = this.bed.client.connection as Connection;
    return skipTime(connection, this.handle.workflowId, milliseconds);
  }
}
