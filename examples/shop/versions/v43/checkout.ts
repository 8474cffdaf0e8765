import type { Basket, Receipt } from '../../release.ts';

/** A fix that does not help: it guards against a negative percentage where the whole coupon is missing. */
export function checkout({ items, coupon }: Basket): Receipt {
  const subtotal = items.reduce((sum, item) => sum + item.quantity * item.unitPrice, 0);
  const { percent } = coupon as NonNullable<typeof coupon>;
  const discount = Math.round((subtotal * Math.max(percent, 0)) / 100);
  return { subtotal, discount, total: subtotal - discount };
}
