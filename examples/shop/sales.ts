/** How far back it is looked, in milliseconds. */
const lookBack = 3_000;

/** What became of the checkouts of the last seconds; `failedPercent` is null where there were none. */
export interface SalesSummary {
  checkouts: number;
  failed: number;
  failedPercent: number | null;
}

/** The checkouts of the last seconds, counted as the shop answered them. */
export class Sales {
  private recent: { at: number; isSold: boolean }[] = [];

  record(isSold: boolean): void {
    this.forget();
    this.recent.push({ at: Date.now(), isSold });
  }

  summary(): SalesSummary {
    this.forget();
    const checkouts = this.recent.length;
    const failed = this.recent.filter(({ isSold }) => !isSold).length;
    const failedPercent = checkouts === 0 ? null : Math.round((100 * failed) / checkouts);
    return { checkouts, failed, failedPercent };
  }

  private forget(): void {
    const oldest = Date.now() - lookBack;
    this.recent = this.recent.filter(({ at }) => at >= oldest);
  }
}
