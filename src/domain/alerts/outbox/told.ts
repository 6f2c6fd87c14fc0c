import { allResolved, groupOf, type Request } from './storm.ts';

/** Groups beyond these are forgotten; the price is a resolution that a storm may keep back. */
const mostTold = 10_000;

/** The groups of which somebody may know an alert that is not resolved; the one told last is at the end. */
export class Told extends Set<string> {
  delivered(request: Request): void {
    if (allResolved(request)) this.delete(groupOf(request));
    else this.mayHaveArrived(request);
  }

  mayHaveArrived(request: Request): void {
    if (allResolved(request)) return;
    this.delete(groupOf(request));
    this.add(groupOf(request));
    const [longestAgo] = this;
    if (this.size > mostTold && longestAgo !== undefined) this.delete(longestAgo);
  }
}
