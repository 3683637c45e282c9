declare module 'drone-node' {
  /** Its methods have no types of their own. */
  export const Client: {
    new (config: { readonly url: string; readonly token: string }): object
    readonly prototype: object
  }
}
