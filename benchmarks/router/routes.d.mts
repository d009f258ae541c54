/** Items of the route table, by the table that is asked. */
export declare const routeItems: { readonly [table: string]: string };
