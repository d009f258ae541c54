import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

/** Something of which every stack has its own, because what it defines (an asset in a manifest) belongs to one stack. */
export class OfStack<T> {
  private readonly found = new WeakMap<Stack, T>();

  constructor(private readonly define: (scope: Construct) => T) {}

  public in(scope: Construct): T {
    const stack = Stack.of(scope);
    const found = this.found.get(stack) ?? this.define(scope);
    this.found.set(stack, found);
    return found;
  }
}
