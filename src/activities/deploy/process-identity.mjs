// @ts-check
import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * What tells a process from a later one with the same id: when it began, in the system's own words.
 * Undefined when there is no such process, or only its unburied rest.
 *
 * @param {number} pid
 * @returns {string | undefined}
 */
export function beginningOf(pid) {
  try {
    return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
  } catch {
    return undefined;
  }
}

/** @param {number} pid */
function fromProc(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in brackets may hold anything; the numbered fields begin after the last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

/** @param {number} pid */
function fromPs(pid) {
  const options = { encoding: /** @type {const} */ ('utf8'), env: { LC_ALL: 'C' } };
  return execFileSync('/bin/ps', ['-o', 'lstart=', '-p', String(pid)], options).trim() || undefined;
}

/**
 * Where process ids have their meaning: this boot of this machine, and this container of it.
 *
 * @returns {string}
 */
export function machineId() {
  if (process.platform !== 'linux') return hostname();
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${hostname()} ${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}
