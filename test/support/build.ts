import { build } from '../../scripts/setup.mjs';

/** Tests of whole processes run what a user runs: the compiled code, made current here. */
export default function setup(): void {
  build();
}
