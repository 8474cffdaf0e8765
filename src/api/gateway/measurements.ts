import { type Analysis, analysesOf, bounded, lastKnownAnalyses } from '../../process/analyses.ts';
import { restore } from '../../process/decide.ts';
import type { GatewayDeps } from './deps.ts';
import { progressOf } from './progress.ts';
import { describe, lastKnown, readTimeline } from './read.ts';
import { isUnanswered } from './trouble.ts';

export interface MeasurementsRequest {
  id: string;
  attempt?: number | undefined;
  /** Its place among the analyses of the incident. */
  analysis?: number | undefined;
  /** At most so many of each measure. */
  points: number;
}

export interface MeasurementsAnswer {
  incident: string;
  title: string;
  service: string;
  /** Oldest first. */
  analyses: Analysis[];
  stale: boolean;
}

/** What was measured in an incident; `stale` where no worker could say how it is now. */
export async function readMeasurements(
  deps: GatewayDeps,
  { id, attempt, analysis, points }: MeasurementsRequest,
): Promise<MeasurementsAnswer> {
  const { analyses, ...known } = await knownOf(deps, id);
  return {
    ...known,
    analyses: analyses
      .filter((one) => attempt === undefined || one.attempt === attempt)
      .filter((one) => analysis === undefined || one.number === analysis)
      .map((one) => bounded(one, points)),
  };
}

async function knownOf(deps: GatewayDeps, id: string): Promise<MeasurementsAnswer> {
  const description = await describe(deps, id);
  const { monitoring } = await progressOf(deps, description);
  try {
    const timeline = await readTimeline(deps, id);
    const { title, service } = restore(timeline).state.request;
    const analyses = analysesOf(timeline, monitoring);
    return { incident: id, title, service, analyses, stale: false };
  } catch (error) {
    if (!isUnanswered(error)) throw error;
    const view = lastKnown(description);
    const analyses = lastKnownAnalyses(view, monitoring);
    return { incident: id, title: view.title, service: view.service, analyses, stale: true };
  }
}
