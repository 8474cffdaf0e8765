import type { Basket, Receipt } from '../../release.ts';

/** Coupons are new here, and every basket is taken to have one: the fault that the example repairs. */
export function checkout({ items, coupon }: Basket): Receipt {
  const subtotal = items.reduce((sum, item) => sum + item.quantity * item.unitPrice, 0);
  const { percent } = coupon as NonNullable<typeof coupon>;
  const discount = Math.round((subtotal * percent) / 100);
  return { subtotal, discount, total: subtotal - discount };
}
