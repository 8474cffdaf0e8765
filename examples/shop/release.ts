/** What a customer buys. Prices are whole cents. */
export interface Item {
  name: string;
  quantity: number;
  unitPrice: number;
}

export interface Coupon {
  code: string;
  percent: number;
}

/** A customer's basket; most customers have no coupon. */
export interface Basket {
  items: Item[];
  coupon?: Coupon;
}

/** All amounts in whole cents. */
export interface Receipt {
  subtotal: number;
  discount: number;
  total: number;
}

/** What every directory under `versions/` provides: the code that differs from release to release. */
export interface Release {
  /** Throws where the basket cannot be checked out. */
  checkout(basket: Basket): Receipt;
}
