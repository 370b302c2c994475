export interface Clock { readonly speed: number; }
