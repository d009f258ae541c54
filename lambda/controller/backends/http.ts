import { type LookedAfter, NoControlError } from './backend';

/** Model servers that run elsewhere: whoever runs them looks after their capacity, and the router's probe tells whether they are well. */
export const HTTP: LookedAfter = {
  notInService: async () => undefined,
  isUpdating: async () => false,
  instances: async () => undefined,
  hold: async () => undefined,
  letGo: async () => {},
  room: async () => [],
  startAnew: () => Promise.reject(new NoControlError('production is no function of Lambda, and only these can be started anew')),
  removeAnew: async () => {},
};
