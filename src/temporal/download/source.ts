import type { ReportProgress } from './progress.ts';

/** A place the `temporal` executable can be downloaded from. */
export interface Source {
  /** How people know it, for messages. */
  name: string;
  /**
   * Writes the executable to the file `target`, in a directory that is this download's alone.
   * @throws Error with a sentence saying why it could not.
   */
  download(target: string, report: ReportProgress): Promise<void>;
}
