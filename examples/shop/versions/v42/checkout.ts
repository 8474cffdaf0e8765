import type { Basket, Receipt } from '../../release.ts';

/** A basket without a coupon has no discount. */
export function checkout({ items, coupon }: Basket): Receipt {
  const subtotal = items.reduce((sum, item) => sum + item.quantity * item.unitPrice, 0);
  const discount = Math.round((subtotal * (coupon?.percent ?? 0)) / 100);
  return { subtotal, discount, total: subtotal - discount };
}
