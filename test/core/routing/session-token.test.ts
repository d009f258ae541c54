import fc from 'fast-check';
import { LONGEST_SESSION_SECONDS, renewedKeys, type SessionKey, signingKey } from '../../../lib/core/routing/session-keys';
import { readToken, type SessionClaims, signedToken } from '../../../lib/core/routing/session-token';

const DAY = 86_400_000;
const keyOf = (name: number, from = 0): SessionKey => ({ id: `k${name}`, key: Buffer.alloc(32, name).toString('base64'), from });
const keys = [keyOf(1)];
const letters = (from: number, to: number): fc.Arbitrary<string> => fc.stringMatching(new RegExp(`^[0-9A-Za-z]{${from},${to}}$`));
const conversations: fc.Arbitrary<SessionClaims> = fc.record({
  id: fc.oneof(letters(1, 40), fc.uuid()), byModel: fc.boolean(), version: letters(1, 64),
  openedAt: fc.integer({ min: 0, max: 4e12 }), expiresAt: fc.integer({ min: 0, max: 4e9 }),
});

describe('the token of a conversation', () => {
  test('says what it was made of, in an id that SageMaker\'s clients accept', () => {
    fc.assert(fc.property(conversations, (claims) => {
      const token = signedToken('fraud/live', claims, keys, 1)!;
      expect(token).toMatch(/^[a-zA-Z0-9](-*[a-zA-Z0-9])*$/);
      expect(token.length).toBeLessThanOrEqual(256);
      expect(readToken('fraud/live', token, keys)).toEqual(claims);
    }));
  });

  test('is none once any character of it is another one, or it is shorter or longer', () => {
    fc.assert(fc.property(conversations, fc.nat(), letters(1, 1), (claims, place, other) => {
      const token = signedToken('fraud/live', claims, keys, 1)!;
      const at = place % token.length;
      const forged = [token.slice(0, at) + other + token.slice(at + 1), token.slice(0, at) + token.slice(at + 1), token + other];
      for (const each of forged.filter((text) => text !== token)) {
        expect(readToken('fraud/live', each, keys)).toBeUndefined();
      }
    }));
  });

  test.each(['card/live', 'fraud/beta', 'frau/dlive', ''])('is none at %s, which has not signed it', (scope) => {
    const token = signedToken('fraud/live', { id: 'a', byModel: false, version: 'v1', openedAt: 1, expiresAt: 2 }, keys, 1)!;
    expect(readToken(scope, token, keys)).toBeUndefined();
  });

  test('is none of a key of the same name that is another one, and none without keys', () => {
    fc.assert(fc.property(conversations, (claims) => {
      const token = signedToken('fraud/live', claims, keys, 1)!;
      expect(readToken('fraud/live', token, [{ ...keyOf(2), id: 'k1' }])).toBeUndefined();
      expect(readToken('fraud/live', token, [])).toBeUndefined();
    }));
    expect(signedToken('fraud/live', { id: 'a', byModel: false, version: 'v1', openedAt: 1, expiresAt: 2 }, [], 1)).toBeUndefined();
  });

  test('is none of whatever callers send', () => {
    fc.assert(fc.property(fc.string({ maxLength: 400 }), (text) => {
      expect(readToken('fraud/live', text, keys)).toBeUndefined();
    }));
  });

  test('is not given to a session of a model whose id leaves no room for it', () => {
    expect(signedToken('fraud/live', { id: 'a'.repeat(250), byModel: true, version: 'v1', openedAt: 1, expiresAt: 2 }, keys, 1)).toBeUndefined();
    expect(signedToken('fraud/live', { id: 'a_b', byModel: true, version: 'v1', openedAt: 1, expiresAt: 2 }, keys, 1)).toBeUndefined();
  });
});

describe('the keys of an alias', () => {
  let drawn = 0;
  const draw = (): Pick<SessionKey, 'id' | 'key'> => keyOf(++drawn);

  test('are made once, and stay while they are young', () => {
    const first = renewedKeys([], 1_000, draw);
    expect(first).toHaveLength(1);
    expect(signingKey(first, 1_000)).toBe(first[0]);
    expect(renewedKeys(first, 29 * DAY, draw)).toEqual(first);
  });

  test('rotate with a deployment after a month: the next signs once every router knows it, and the former is known as long as a token may last', () => {
    const first = renewedKeys([], 0, draw);
    const now = 31 * DAY;
    const rotated = renewedKeys(first, now, draw);
    expect(rotated).toHaveLength(2);
    expect(signingKey(rotated, now)).toBe(rotated[0]);
    expect(signingKey(rotated, now + 60_000)).toBe(rotated[1]);
    expect(renewedKeys(rotated, now + 60_000 + LONGEST_SESSION_SECONDS * 1_000 - 1, draw)).toEqual(rotated);
    expect(renewedKeys(rotated, now + 60_000 + LONGEST_SESSION_SECONDS * 1_000, draw)).toEqual([rotated[1]]);
  });

  test('know every token that has not expired, however often they are deployed', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 20 * DAY }), { minLength: 1, maxLength: 30 }), (pauses) => {
      let [now, known] = [1_000, renewedKeys([], 1_000, draw)];
      const tokens: { readonly token: string; readonly until: number }[] = [];
      for (const pause of pauses) {
        const until = Math.floor(now / 1_000) * 1_000 + LONGEST_SESSION_SECONDS * 1_000;
        tokens.push({ token: signedToken('fraud/live', { id: 'a', byModel: false, version: 'v1', openedAt: now, expiresAt: until / 1_000 }, known, now)!, until });
        now += pause;
        known = renewedKeys(known, now, draw);
        for (const { token } of tokens.filter((each) => each.until > now)) {
          expect(readToken('fraud/live', token, known)).toBeDefined();
        }
      }
    }));
  });
});
